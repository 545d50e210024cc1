import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ServiceError } from '../contract/service-error.ts';

export const SCOPES = ['enrollment:create', 'enrollment:read', 'enrollment:cancel', 'pin:read', 'pin:reset', 'operator'] as const;
export type Scope = (typeof SCOPES)[number];

/** A Token Service that proved who it is. */
export interface Client {
  clientId: string;
  scopes: ReadonlySet<string>;
}

/** Verifies RFC 9068 access tokens. Errors: `invalid_token`, `service_unavailable` when the key set cannot be had. */
export interface AccessTokens {
  verify(token: string): Promise<Client>;
}

const CLIENT_ID = /^[A-Za-z0-9._:-]{1,64}$/;
const MAX_TOKEN_LENGTH = 8_192;

export interface AccessTokenOptions {
  issuer: string;
  audience: string;
  jwksUrl: string;
  /** The database's clock judges age: a process whose own is slow would take tokens that have expired (protocol §1). */
  now: () => Promise<Date>;
}

export function accessTokens(options: AccessTokenOptions): AccessTokens {
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), { timeoutDuration: 3_000, cooldownDuration: 10_000, cacheMaxAge: 600_000 });
  return { verify: (token) => verify(token, keys, options) };
}

async function verify(token: string, keys: JWTVerifyGetKey, { issuer, audience, now }: AccessTokenOptions): Promise<Client> {
  if (token.length > MAX_TOKEN_LENGTH) throw refused('The access token is larger than 8 KiB.');
  const currentDate = await now();
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ['ES256', 'PS256', 'RS256'],
      typ: 'at+jwt',
      currentDate,
      clockTolerance: 30,
      maxTokenAge: 300,
      requiredClaims: ['exp', 'iat', 'client_id', 'scope', 'sub', 'jti'],
    });
    // jose takes the only key of a set for a token that names none; which key signed must be said (RFC 9068 §2.1, RFC 8725 §3.1).
    if (protectedHeader.kid === undefined) throw refused('The header kid is missing.');
    return toClient(payload);
  } catch (error) {
    throw translated(error);
  }
}

function toClient({ client_id: clientId, scope }: JWTPayload): Client {
  if (typeof clientId !== 'string' || !CLIENT_ID.test(clientId)) throw refused('The claim client_id is missing or malformed.');
  if (typeof scope !== 'string') throw refused('The claim scope is not a string.');
  return { clientId, scopes: new Set(scope.split(' ')) };
}

/** jose names what is wrong with a token; that helps an honest caller and tells a thief nothing. */
function translated(error: unknown): unknown {
  if (error instanceof ServiceError) return error;
  if (
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')
  )
    return away();
  if (error instanceof errors.JOSEError) return refused(`The access token was refused: ${error.message}.`);
  return away();
}

function refused(detail: string): ServiceError {
  return new ServiceError('invalid_token', detail);
}

function away(): ServiceError {
  return new ServiceError('service_unavailable', 'The key set of the Token Service cannot be had.', {}, 5);
}
