import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { importJWK, type JWK, SignJWT } from 'jose';
import { Agent, fetch } from 'undici';
import { z } from 'zod';
import type { Running } from '../../process/run-process.ts';
import { readSecretFile } from '../secret-file.ts';

export interface TokenServiceOptions {
  port: number;
  /** Private JWK that signs the access tokens. */
  jwkFile: string;
  audience: string;
  apiUrl: string;
  apiCaFile: string;
}

const registration = z.object({ userId: z.string(), deviceId: z.string(), tokenId: z.string(), pin: z.string(), platform: z.string() });
const SCOPES = 'enrollment:create enrollment:read enrollment:cancel pin:read pin:reset';
const privateJwk = z.looseObject({ kty: z.string(), kid: z.string() });

/**
 * A small stand-in for the Token Service: its own process, key and key set. `POST /device-registrations` completes a registration and
 * starts the enrollment, as the real one would; the answer is what the app hands to its SDK. Development only: it authenticates nobody.
 */
export async function startTokenService(options: TokenServiceOptions): Promise<Running> {
  const jwk = privateJwk.parse(JSON.parse(readSecretFile(options.jwkFile).toString('utf8')));
  const agent = new Agent({ connect: { ca: readFileSync(options.apiCaFile) } });
  const server = createServer((req, res) => {
    respond(req, res, options, jwk, agent).catch(() => send(res, 500, { error: 'the stand-in failed' }));
  });
  await new Promise<void>((done, failed) => server.once('error', failed).listen(options.port, '127.0.0.1', done));
  return {
    stop: async () => {
      await agent.close();
      await new Promise((done) => server.close(done));
    },
  };
}

export function issuerOf({ port }: Pick<TokenServiceOptions, 'port'>): string {
  return `http://127.0.0.1:${port}`;
}

async function respond(req: IncomingMessage, res: ServerResponse, options: TokenServiceOptions, jwk: JWK, agent: Agent): Promise<void> {
  const page = faultOfPage(req, options);
  if (page !== undefined) return send(res, 403, { error: page });
  if (req.method === 'GET' && req.url === '/jwks.json') return send(res, 200, { keys: [publicOf(jwk)] });
  if (req.method === 'GET' && req.url === '/healthz') return send(res, 200, { alive: true });
  if (req.method === 'POST' && req.url === '/device-registrations') return register(req, res, options, jwk, agent);
  send(res, 404, { calls: ['GET /jwks.json', 'POST /device-registrations'] });
}

/**
 * It knows nobody, so no web page may use it: one of another origin says so itself, one that got our address by DNS rebinding names a
 * host that is not ours, and a form cannot send JSON.
 */
function faultOfPage({ headers }: IncomingMessage, { port }: TokenServiceOptions): string | undefined {
  if (headers.origin !== undefined) return 'no web page may call the stand-in: there is an Origin';
  const ours = [`127.0.0.1:${port}`, `localhost:${port}`].includes(headers.host ?? '');
  return ours ? undefined : `call it as 127.0.0.1:${port}: another Host may be a web page behind DNS rebinding`;
}

/** The registration id is the Idempotency-Key: a repeated registration finds its enrollment again. */
async function register(req: IncomingMessage, res: ServerResponse, options: TokenServiceOptions, jwk: JWK, agent: Agent): Promise<void> {
  if (!/^application\/json *(;|$)/i.test(req.headers['content-type'] ?? '')) return send(res, 415, { error: 'send application/json' });
  const body = registration.safeParse(jsonOf(await textOf(req)));
  if (!body.success) return send(res, 422, { error: 'userId, deviceId, tokenId, pin and platform are needed' });
  const answer = await fetch(`${options.apiUrl}/v1/enrollments`, {
    method: 'POST',
    dispatcher: agent,
    headers: {
      authorization: `Bearer ${await accessToken(jwk, { issuer: issuerOf(options), audience: options.audience })}`,
      'content-type': 'application/json',
      'idempotency-key': req.headers['idempotency-key']?.toString() ?? randomUUID(),
    },
    body: JSON.stringify(body.data),
  });
  send(res, answer.status, await answer.json());
}

export interface AccessTokenWishes {
  issuer: string;
  audience: string;
  scope?: string;
  clientId?: string;
  /** Who: the client itself, or the operator. */
  subject?: string;
}

/** RFC 9068 access token, good for two minutes. */
export async function accessToken(
  jwk: JWK,
  { issuer, audience, scope = SCOPES, clientId = 'token-service', subject = clientId }: AccessTokenWishes,
): Promise<string> {
  return new SignJWT({ client_id: clientId, scope })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('2m')
    .sign(await importJWK(jwk, 'ES256'));
}

function publicOf({ d: _private, ...rest }: JWK): JWK {
  return rest;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  const parts: AsyncIterable<Buffer> = req;
  for await (const part of parts) chunks.push(part);
  return Buffer.concat(chunks).toString('utf8');
}

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
