import { decodeJwt, decodeProtectedHeader } from 'jose';
import { ServiceError } from '../contract/service-error.ts';

type Members = Readonly<Record<string, unknown>>;

/** Header members that decide how a token is verified; the others (jwk, x5c, cty, …) are not looked at, null or not. */
const HEADER = ['alg', 'typ', 'kid', 'crit'];
/** May be left out, but when it is there it is judged (RFC 7519 §4.1.5). */
const OPTIONAL = ['crit', 'nbf'];

/**
 * Names what is null in an access token: models write null for what is unset, and jose says of it only that it is not a number. Nothing
 * that is judged is taken for absent, because other verifiers refuse null there (RFC 7519 §4.1: each claim has its type).
 * `claims`: those that the call needs. Errors: `invalid_token`.
 */
export function refuseNull(token: string, claims: readonly string[]): void {
  const [header, payload] = partsOf(token);
  refuse('header', header, HEADER);
  refuse('claim', payload, [...claims, 'nbf']);
}

function refuse(kind: 'header' | 'claim', members: Members, judged: readonly string[]): void {
  const name = judged.find((member) => Object.hasOwn(members, member) && members[member] === null);
  if (name === undefined) return;
  const repair = OPTIONAL.includes(name) ? 'leave it out' : 'a value is needed';
  throw new ServiceError('invalid_token', `The ${kind} ${name} of the access token is null: ${repair}.`);
}

function partsOf(token: string): [header: Members, claims: Members] {
  try {
    return [{ ...decodeProtectedHeader(token) }, { ...decodeJwt(token) }];
  } catch {
    return [{}, {}]; // What is no JWT is refused as such by whoever verifies it.
  }
}
