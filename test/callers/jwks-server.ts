import { createServer, type ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

export interface JwksServer {
  url: string;
  /** How often it was asked. */
  asked: () => number;
  /** What it answers from now on; a key set is served as JSON. */
  serve(answer: object | ((res: ServerResponse) => void)): void;
}

/** A real HTTP server for one test. */
export async function jwksServer(first: object | ((res: ServerResponse) => void)): Promise<JwksServer> {
  let answer = first;
  let asked = 0;
  const server = createServer((_req, res) => {
    asked += 1;
    if (typeof answer === 'function') answer(res);
    else res.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/jwks.json`, asked: () => asked, serve: (next) => (answer = next) };
}

export interface SigningKey {
  privateKey: CryptoKey;
  /** Public, with kid and alg. */
  jwk: JWK;
}

export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export const ISSUER = 'https://token-service.example.org';
export const AUDIENCE = 'certificate-service';

/** A token that is good but for what is said; a claim that is `undefined` is left out. */
export function tokenBy(
  { privateKey, jwk }: SigningKey,
  { header = {}, claims = {} }: { header?: Record<string, unknown>; claims?: Record<string, unknown> } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const payload = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'ts-a',
    jti: 'j',
    iat: now,
    exp: now + 120,
    client_id: 'ts-a',
    scope: 'pin:read',
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: String(jwk.alg), typ: 'at+jwt', kid: String(jwk.kid), ...header }).sign(privateKey);
}
