/**
 * A JWK Set without the members of its keys that are null. Models that write null for what is unset publish `"d": null` or `"alg": null`:
 * such a member says nothing, and the Web Crypto API would read it as the text "null". What is no such set comes back as it is.
 */
export function withoutNullMembers(set: unknown): unknown {
  if (typeof set !== 'object' || set === null) return set;
  const keys: unknown = Reflect.get(set, 'keys');
  return Array.isArray(keys) ? { keys: keys.map(withoutNulls) } : set;
}

function withoutNulls(key: unknown): unknown {
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return key;
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null));
}
