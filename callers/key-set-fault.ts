/** What is wrong with a key set, as the end of the sentence "The key set …". */
export type KeySetFault = 'is not {"keys": […]}' | 'holds no key' | 'holds a private or symmetric key' | 'holds too many keys';

/** Members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const MOST_KEYS = 100;

/**
 * Whoever publishes a secret key lets everybody make tokens: such a set is refused as a whole, until it is clean again.
 * A member that is null holds no secret. Undefined: a set of public keys.
 */
export function keySetFault(set: unknown): KeySetFault | undefined {
  const keys: unknown = typeof set === 'object' && set !== null ? Reflect.get(set, 'keys') : undefined;
  if (!Array.isArray(keys) || !keys.every(isObject)) return 'is not {"keys": […]}';
  if (keys.length === 0) return 'holds no key';
  if (keys.length > MOST_KEYS) return 'holds too many keys';
  return keys.some(isSecret) ? 'holds a private or symmetric key' : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSecret(key: object): boolean {
  return SECRET_MEMBERS.some((member) => (Reflect.get(key, member) ?? undefined) !== undefined);
}
