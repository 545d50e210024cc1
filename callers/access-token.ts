import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { isCanonicalBase64url } from '../contract/base64url.ts';
import { ServiceError } from '../contract/service-error.ts';
import { KeySetUnavailable, remoteKeySet } from './key-set.ts';
import { refuseNull } from './refuse-null.ts';
import { type TokenExpectation, tokenSentence } from './token-sentence.ts';

/** A Token Service that proved who it is. */
export interface Client {
  clientId: string;
  scopes: ReadonlySet<string>;
}

/** Verifies RFC 9068 access tokens. Errors: `invalid_token`, `service_unavailable` when the key set cannot be had. */
export interface AccessTokens {
  verify(token: string): Promise<Client>;
}

/** An operator who proved who he is; the subject stands in every audit row. */
export interface Operator {
  subject: string;
  scopes: ReadonlySet<string>;
}

export interface OperatorTokens {
  verify(token: string): Promise<Operator>;
}

export interface TokenRules {
  issuer: string;
  audience: string;
  /** What tokens for the other door are for; one that is for it as well opens none. Undefined: there is no other door. */
  otherAudience: string | undefined;
  jwksUrl: string;
  /** How long the keys go on without their URL; see `remoteKeySet`. */
  staleSeconds?: number;
  /** Milliseconds; judges the age of the key set. */
  now: () => number;
  /** Judges the age of a token. In the API the database's: a process whose own is slow would take tokens that have expired. */
  currentDate: () => Promise<Date>;
  onFault?: (sentence: string) => void;
}

const CALLER_ID = /^[A-Za-z0-9._:-]{1,64}$/;
const KEY_ID = /^[\x21-\x7e]{1,128}$/;
const MAX_TOKEN_LENGTH = 8_192;
const FRESH_MS = 600_000;
const COOLDOWN_MS = 10_000;
const TIMEOUT_MS = 3_000;
/** A machine makes a token for a call; a person signs in and works for a while, as at the codec server. */
const CLIENT_TOKEN_SECONDS = 300;
const OPERATOR_TOKEN_SECONDS = 3_600;

/** Access tokens of Token Services (protocol §2). */
export function accessTokens(rules: TokenRules): AccessTokens {
  const keys = keysOf(rules);
  const claims = ['exp', 'iat', 'client_id', 'scope', 'sub', 'jti'];
  return { verify: async (token) => toClient(await verify(token, keys, rules, CLIENT_TOKEN_SECONDS, claims)) };
}

/** Access tokens of operators: another issuer or audience, so that no token opens both doors. */
export function operatorTokens(rules: TokenRules): OperatorTokens {
  const keys = keysOf(rules);
  const claims = ['exp', 'iat', 'scope', 'sub'];
  return { verify: async (token) => toOperator(await verify(token, keys, rules, OPERATOR_TOKEN_SECONDS, claims)) };
}

function keysOf({ jwksUrl: url, staleSeconds = 14_400, now, onFault }: TokenRules): JWTVerifyGetKey {
  return remoteKeySet({
    url,
    freshMs: FRESH_MS,
    staleMs: staleSeconds * 1_000,
    cooldownMs: COOLDOWN_MS,
    timeoutMs: TIMEOUT_MS,
    now,
    ...(onFault === undefined ? {} : { onFault }),
  });
}

/**
 * jose takes the only key of a set for a token that names none; which key signed must be said (RFC 9068 §2.1, RFC 8725 §3.1). A key that
 * the token brings along (jwk, jku, x5u, x5c) is never looked at: keys come from the configured set alone. jose understands one extension
 * by itself (b64, RFC 7797); here there is none, so whatever `crit` holds is refused (RFC 7515 §4.1.11).
 */
function requireHeader(token: string, requiredClaims: readonly string[]): void {
  // jose ignores unused bits: one token would have several texts.
  if (!token.split('.').every(isCanonicalBase64url))
    throw refused(
      'The access token is not a JWS in compact serialization: three parts of base64url with dots between them (RFC 7515 section 7.1).',
    );
  refuseNull(token, ['iss', 'aud', ...requiredClaims]);
  const header = headerOf(token);
  if (Object.hasOwn(header, 'crit')) throw refused('The header has crit: no extension is understood here. Leave it out.');
  const { kid } = header;
  if (kid === undefined) throw refused('The header kid is missing: name the key of the key set that signed.');
  if (typeof kid !== 'string' || !KEY_ID.test(kid)) throw refused('The header kid is not 1 to 128 visible ASCII characters.');
}

function headerOf(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw refused(
      'The access token is not a JWS in compact serialization: three parts of base64url with dots between them (RFC 7515 section 7.1).',
    );
  }
}

async function verify(
  token: string,
  keys: JWTVerifyGetKey,
  rules: TokenRules,
  maxTokenAge: number,
  requiredClaims: string[],
): Promise<JWTPayload> {
  if (token.startsWith('cse_')) throw refused('An enrollment token does not open this call: an access token is needed.');
  if (token.length > MAX_TOKEN_LENGTH) throw refused('The access token is larger than 8 KiB: leave out what this service does not read.');
  requireHeader(token, requiredClaims); // before the database is asked for anything
  const { issuer, audience } = rules;
  const algorithms = ['ES256', 'PS256', 'RS256'];
  const currentDate = await rules.currentDate();
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms,
      typ: 'at+jwt',
      currentDate,
      clockTolerance: 30,
      maxTokenAge,
      requiredClaims,
    });
    requireOneDoor(payload, rules);
    return payload;
  } catch (error) {
    throw translated(error, { issuer, audience, maxTokenAge, currentDate });
  }
}

/** Who holds a token for two doors passes for a Token Service at one and for an operator at the other: each is asked for alone. */
function requireOneDoor({ aud }: JWTPayload, { audience, otherAudience }: TokenRules): void {
  if (otherAudience === undefined || otherAudience === audience) return; // the issuers tell the doors apart
  if ([aud].flat().includes(otherAudience))
    throw refused('The claim aud names another door of this service as well: ask for a token for one.');
}

function toClient({ client_id: clientId, scope }: JWTPayload): Client {
  if (typeof clientId !== 'string' || !CALLER_ID.test(clientId))
    throw refused('The claim client_id is not 1 to 64 characters of A-Z a-z 0-9 . _ : -');
  return { clientId, scopes: scopesOf(scope) };
}

function toOperator({ sub, scope }: JWTPayload): Operator {
  if (typeof sub !== 'string' || !CALLER_ID.test(sub)) throw refused('The claim sub is not 1 to 64 characters of A-Z a-z 0-9 . _ : -');
  return { subject: sub, scopes: scopesOf(scope) };
}

function scopesOf(scope: unknown): ReadonlySet<string> {
  if (typeof scope !== 'string')
    throw refused('The claim scope is not a string: write the scopes into one, with a blank between them (RFC 8693 section 4.2).');
  return new Set(scope.split(' '));
}

/** What is wrong with a token helps an honest caller and tells a thief nothing. */
function translated(error: unknown, expected: TokenExpectation): unknown {
  if (error instanceof ServiceError) return error;
  if (error instanceof KeySetUnavailable || error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return away();
  if (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC') return away();
  if (error instanceof errors.JOSEError) return refused(tokenSentence(error, expected));
  return away();
}

function refused(detail: string): ServiceError {
  return new ServiceError('invalid_token', detail);
}

function away(): ServiceError {
  return new ServiceError('service_unavailable', 'The key set that access tokens are verified with cannot be had.', {}, 5);
}
