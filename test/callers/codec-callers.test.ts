import { writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { defaultPayloadConverter } from '@temporalio/common';
import { exportJWK } from 'jose';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../config/load-config.ts';
import { renderPayloads } from '../../temporal/payload-json.ts';
import { startCodec } from '../../temporal/start-codec.ts';
import { jwksServer, signingKey } from '../callers/jwks-server.ts';
import { doorOf, REFUSED_TOKENS } from '../callers/refused-tokens.ts';
import { environmentOf, fileWith } from '../config/process-environment.ts';
import { makeTestTls } from '../sdk/test-tls.ts';

/* Who may read histories: the codec server as it is started, with the verification of the operator listener. */

const ISSUER = 'https://identity.example.org';
const AUDIENCE = 'certificate-service-operator';
const key = await signingKey('ts-1');
const door = doorOf(key, () => {
  const iat = Math.floor(Date.now() / 1_000);
  return { iss: ISSUER, aud: AUDIENCE, sub: 'olga', scope: 'operator:read', iat, exp: iat + 120 };
});
const clear = JSON.stringify(renderPayloads([defaultPayloadConverter.toPayload({ stage: 'awaiting-csr' })]));

/** The codec server in front of this key set; what it says aloud is kept. */
async function codec(keySet: object = { keys: [key.jwk] }, settings: Record<string, string> = {}) {
  const keys = await jwksServer(keySet);
  const env = {
    CS_ENV: 'development',
    CS_CODEC_PORT: '0',
    CS_CODEC_JWKS_URL: keys.url,
    CS_OPERATOR_JWT_ISSUER: ISSUER,
    CS_OPERATOR_JWT_AUDIENCE: AUDIENCE,
    CS_JWT_AUDIENCE: 'certificate-service',
    ...settings,
  };
  const lines: string[] = [];
  const server = await startCodec(
    loadConfig('codec', environmentOf('codec', env)),
    pino({}, { write: (line: string) => lines.push(line) }),
  );
  onTestFinished(() => server.stop());
  return { base: `http://127.0.0.1:${server.port}`, port: server.port, healthPort: server.healthPort, lines, keys };
}

const send = (base: string, path: string, authorization?: string) =>
  fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    body: clear,
  });

async function line(answer: Response): Promise<string> {
  const body: unknown = await answer.json();
  return `${answer.status} ${String(Reflect.get(Object(body), 'code'))}`;
}

describe('the codec server with a certificate of its own', () => {
  const pair = (cert: string, tlsKey: string) => ({ CS_CODEC_TLS_CERT_FILE: fileWith(cert), CS_CODEC_TLS_KEY_FILE: fileWith(tlsKey) });

  test('speaks https, TLS 1.2 and better, and asks for the operator; health and metrics are in plain HTTP', async () => {
    const tls = makeTestTls();
    const { port, healthPort } = await codec(undefined, { ...pair(tls.cert, tls.key), CS_CODEC_HEALTH_PORT: '0' });
    expect(await post(port, tls.ca)).toBe(401);
    expect(await post(port, tls.ca, `Bearer ${await door.token()}`)).toBe(200);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
    await expect(post(port, tls.ca, undefined, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await fetch(`http://127.0.0.1:${healthPort}${path}`)).status).toBe(200);
  });

  test('takes over a renewed one', async () => {
    const [first, next] = [makeTestTls(), makeTestTls()];
    const files = pair(first.cert, first.key);
    const { port, lines } = await codec(undefined, { ...files, CS_TLS_RELOAD_SECONDS: '3600' });
    writeFileSync(files.CS_CODEC_TLS_CERT_FILE, next.cert);
    writeFileSync(files.CS_CODEC_TLS_KEY_FILE, next.key);
    process.emit('SIGHUP');
    await expect.poll(() => lines.join('')).toContain('TLS certificate replaced');
    expect(await post(port, next.ca)).toBe(401);
    await expect(post(port, first.ca)).rejects.toThrow();
  });

  test.each(['CS_CODEC_TLS_CERT_FILE', 'CS_CODEC_TLS_KEY_FILE'] as const)('%s alone makes no https', (env) => {
    const given = environmentOf('codec', { [env]: pair(makeTestTls().cert, makeTestTls().key)[env] });
    expect(() => loadConfig('codec', given)).toThrow('CS_CODEC_TLS_CERT_FILE and CS_CODEC_TLS_KEY_FILE are set together or not at all');
  });

  test('does not start with a key that is not the one of the certificate', async () => {
    await expect(codec(undefined, pair(makeTestTls().cert, makeTestTls().key))).rejects.toThrow(
      'CS_CODEC_TLS_CERT_FILE and CS_CODEC_TLS_KEY_FILE do not belong together: the key is not the one of the certificate',
    );
  });
});

/** The status of POST /decode by https. */
function post(port: number, ca: string, authorization?: string, more: RequestOptions = {}): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  return new Promise((done, failed) => {
    const call = request({ host: 'localhost', port, path: '/decode', method: 'POST', ca, agent: false, headers, ...more }, (response) => {
      response.resume().once('end', () => done(response.statusCode));
    });
    call.once('error', failed).end(clear);
  });
}

describe('the codec server', () => {
  test('decodes for an operator', async () => {
    const { base } = await codec();
    const answer = await send(base, '/decode', `Bearer ${await door.token()}`);
    expect([answer.status, await answer.json()]).toEqual([200, JSON.parse(clear)]);
  });

  test.each(REFUSED_TOKENS)('refuses a token %s', async (_what, make) => {
    const { base } = await codec();
    for (const path of ['/decode', '/encode']) {
      const answer = await send(base, path, `Bearer ${await make(door)}`);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await line(answer)).toBe('401 invalid_token');
    }
  });

  test.each([undefined, '', 'Basic dTpw', 'Bearer', 'Bearer a b', 'Token x'])('refuses Authorization: %s', async (authorization) => {
    const { base } = await codec();
    expect(await line(await send(base, '/decode', authorization))).toBe('401 invalid_token');
  });

  test.each(['', 'a b', 'o\nlga', 'x'.repeat(65), 7, ['olga'], 'olga"}'])('refuses the subject %j', async (sub) => {
    const { base } = await codec();
    expect(await line(await send(base, '/decode', `Bearer ${await door.token({ claims: { sub } })}`))).toBe('401 invalid_token');
  });

  test('refuses a scope that is not of operators, and says which one is needed', async () => {
    const { base } = await codec();
    const answer = await send(base, '/decode', `Bearer ${await door.token({ claims: { scope: 'pin:read operators operator:act' } })}`);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="operator:read"');
    expect(await line(answer)).toBe('403 insufficient_scope');
  });

  test('encodes only for whom may act', async () => {
    const { base } = await codec({ keys: [key.jwk] }, { CS_CODEC_ENCODE: 'true' });
    const encode = async (scope: string) => send(base, '/encode', `Bearer ${await door.token({ claims: { scope } })}`);
    expect(await line(await encode('operator:read'))).toBe('403 insufficient_scope');
    expect([(await encode('operator:act')).status, (await encode('operator')).status]).toEqual([200, 200]);
  });

  test('takes the scope of the release before', async () => {
    const { base } = await codec();
    expect((await send(base, '/decode', `Bearer ${await door.token({ claims: { scope: 'operator' } })}`)).status).toBe(200);
  });

  test('is good for an hour after sign-in, by its own clock', async () => {
    const { base } = await codec();
    const now = Math.floor(Date.now() / 1_000);
    const token = await door.token({ claims: { iat: now - 3_500, exp: now + 60 } });
    expect((await send(base, '/decode', `Bearer ${token}`)).status).toBe(200);
  });

  test('without a key set, or with one that holds a private key: 503, it says why, and asks once', async () => {
    const leaked = { keys: [key.jwk, { ...(await exportJWK((await signingKey('leaked')).privateKey)), kid: 'leaked' }] };
    for (const keySet of [leaked, { keys: [] }]) {
      const { base, lines, keys } = await codec(keySet);
      const answers = [
        await send(base, '/decode', `Bearer ${await door.token()}`),
        await send(base, '/decode', `Bearer ${await door.token()}`),
      ];
      expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(['5', '5']);
      expect(await Promise.all(answers.map(line))).toEqual(['503 service_unavailable', '503 service_unavailable']);
      expect(keys.asked()).toBe(1);
      expect(lines.filter((text) => text.includes('The key set holds'))).toHaveLength(1);
    }
  });
});

test.each(['CS_OPERATOR_JWT_ISSUER', 'CS_OPERATOR_JWT_AUDIENCE', 'CS_JWT_AUDIENCE'])(
  'with a key set and without %s it does not start, not on loopback either',
  (env) => {
    const all = { CS_CODEC_JWKS_URL: 'https://i.example.org/jwks', CS_OPERATOR_JWT_ISSUER: ISSUER, CS_OPERATOR_JWT_AUDIENCE: AUDIENCE };
    const given = environmentOf('codec', { ...all, CS_JWT_AUDIENCE: 'certificate-service', [env]: undefined });
    expect(() => loadConfig('codec', given)).toThrow(`${env} is not set, but CS_CODEC_JWKS_URL is set`);
  },
);
