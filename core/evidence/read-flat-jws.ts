/** Members of a JSON object whose values are text, numbers, booleans or null. */
export type FlatMembers = Readonly<Record<string, string | number | boolean | null>>;

export interface FlatJws {
  readonly header: FlatMembers;
  readonly claims: FlatMembers;
}

/** Why a text is not a compact JWS in the strict form below. */
export class JwsFormError extends Error {
  override readonly name = 'JwsFormError';
}

const MAX_LENGTH = 4_096;

/**
 * Reads header and claims of a compact JWS (RFC 7515 §3.1), at most 4,096 characters, WITHOUT verifying its signature. Strict, so that
 * no two readers see different things in one proof: canonical base64url without padding, UTF-8, JSON objects without nesting, no
 * member twice (RFC 7515 §4 and RFC 8725 §2.4 leave both to the reader). Throws `JwsFormError`.
 */
export function readFlatJws(text: string): FlatJws {
  if (text.length > MAX_LENGTH) throw new JwsFormError('The JWS is longer than 4,096 characters.');
  const [header, claims, signature, ...more] = text.split('.');
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) {
    throw new JwsFormError('The JWS has not three parts.');
  }
  octets('signature', signature);
  return { header: members('header', header), claims: members('payload', claims) };
}

function octets(part: string, text: string): Buffer {
  const decoded = Buffer.from(text, 'base64url');
  const canonical = text.length > 0 && decoded.toString('base64url') === text;
  if (!canonical) throw new JwsFormError(`The ${part} is not base64url without padding.`);
  return decoded;
}

function members(part: string, encoded: string): FlatMembers {
  const text = utf8(part, octets(part, encoded));
  const value = toFlatMembers(parse(part, text));
  if (value === undefined) throw new JwsFormError(`The ${part} is not a JSON object without nesting.`);
  // In flat JSON each member has one colon outside its texts: more colons than names means that a name came twice.
  const colons = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
  if (colons !== Object.keys(value).length) throw new JwsFormError(`The ${part} has a member twice.`);
  return value;
}

function utf8(part: string, encoded: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(encoded);
  } catch {
    throw new JwsFormError(`The ${part} is not UTF-8.`);
  }
}

function parse(part: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JwsFormError(`The ${part} is not JSON.`);
  }
}

function toFlatMembers(value: unknown): FlatMembers | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found: [string, FlatMembers[string]][] = [];
  for (const [name, member] of Object.entries(value)) {
    if (!isScalar(member)) return undefined;
    found.push([name, member]);
  }
  return Object.fromEntries(found);
}

function isScalar(value: unknown): value is FlatMembers[string] {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
