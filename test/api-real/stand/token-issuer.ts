import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { JWT_AUDIENCE, JWT_ISSUER } from './api-config.ts';

/** Everything a test may want otherwise in an access token. */
export interface TokenWishes {
  readonly clientId?: string;
  readonly scope?: string;
  /** A member that is `undefined` is left out. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Members that are `undefined` are left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey | Uint8Array;
}

/** A Token Service's key set behind a real HTTP listener, and the tokens that its key signs. */
export interface TokenIssuer {
  readonly jwksUrl: string;
  token(wishes?: TokenWishes): Promise<string>;
  close(): Promise<void>;
}

const ALL_SCOPES = 'enrollment:create enrollment:read enrollment:cancel pin:read pin:reset';

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'ts-1', alg: 'ES256', use: 'sig' };
  const server = createServer((_req, res) => res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    jwksUrl: `http://127.0.0.1:${portOf(server.address())}/jwks.json`,
    token: (wishes = {}) => sign(privateKey, wishes),
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

export function portOf(address: string | AddressInfo | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  return address.port;
}

function sign(
  privateKey: CryptoKey,
  { clientId = 'ts-a', scope = ALL_SCOPES, header = {}, claims = {}, key = privateKey }: TokenWishes,
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const payload: JWTPayload = {
    iss: JWT_ISSUER,
    aud: JWT_AUDIENCE,
    sub: clientId,
    jti: 'j-1',
    iat: now,
    exp: now + 120,
    client_id: clientId,
    scope,
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'ts-1', ...header }).sign(key);
}
