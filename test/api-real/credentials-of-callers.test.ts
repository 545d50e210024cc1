import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { accessTokens } from '../../callers/access-token.ts';
import { keyRing } from '../../core/key-ring.ts';
import { JWT_AUDIENCE, JWT_ISSUER, OPERATOR_AUDIENCE } from './stand/api-config.ts';
import { call, line } from './stand/call.ts';
import { GOOD_PIN, pinBody } from './stand/device.ts';
import { bringTo } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';
import { portOf, type TokenWishes } from './stand/token-issuer.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());

const BODY = { userId: 'u-1', deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'other' };
const now = () => Math.floor(Date.now() / 1_000);

async function createWith(token: string | undefined, headers: Record<string, string> = {}) {
  const options = { headers: { 'idempotency-key': randomUUID(), ...headers }, body: BODY };
  return call(stand, 'POST', '/v1/enrollments', token === undefined ? options : { ...options, token });
}

describe('an access token', () => {
  const wrong: readonly [string, TokenWishes][] = [
    ['of another issuer', { claims: { iss: 'https://elsewhere.example.org' } }],
    ['for another audience', { claims: { aud: 'another-service' } }],
    ['for the operators as well', { claims: { aud: [JWT_AUDIENCE, OPERATOR_AUDIENCE] } }],
    ['with crit, of an extension that the library knows', { header: { crit: ['b64'], b64: true } }],
    ['without an audience', { claims: { aud: undefined } }],
    ['of type JWT', { header: { typ: 'JWT' } }],
    ['of no type', { header: { alg: 'ES256', typ: '', kid: 'ts-1' } }],
    ['by an unknown key id', { header: { kid: 'ts-2' } }],
    ['that expired', { claims: { exp: now() - 31 } }],
    ['without an expiry', { claims: { exp: undefined } }],
    ['made more than 5 min and 30 s ago', { claims: { iat: now() - 331, exp: now() + 600 } }],
    ['made in the future beyond the skew', { claims: { iat: now() + 60, exp: now() + 120 } }],
    ['without the time it was made', { claims: { iat: undefined } }],
    ['not yet valid', { claims: { nbf: now() + 60 } }],
    ['without client_id', { claims: { client_id: undefined } }],
    ['with a client_id that is not an id', { claims: { client_id: 'a b' } }],
    ['with a client_id that is a list', { claims: { client_id: ['ts-a'] } }],
    ['without a scope', { claims: { scope: undefined } }],
    ['whose scope is a list', { claims: { scope: ['enrollment:create'] } }],
    ['without sub', { claims: { sub: undefined } }],
    ['without jti', { claims: { jti: undefined } }],
  ];

  test.each(wrong)('%s: 401', async (_what, wishes) => {
    expect(line(await createWith(await stand.issuer.token(wishes)))).toBe('401 invalid_token');
  });

  test('without kid: 401, although the set has one key only', async () => {
    expect(line(await createWith(await stand.issuer.token({ header: { kid: undefined } })))).toBe('401 invalid_token');
  });

  test('signed by a key of somebody else: 401', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    expect(line(await createWith(await stand.issuer.token({ key: privateKey })))).toBe('401 invalid_token');
  });

  test('of HS256, keyed with the public key: 401', async () => {
    const key = new TextEncoder().encode(JSON.stringify(await exportJWK((await generateKeyPair('ES256')).publicKey)));
    expect(line(await createWith(await stand.issuer.token({ key, header: { alg: 'HS256' } })))).toBe('401 invalid_token');
  });

  test('of alg none: 401', async () => {
    const [, claims = ''] = (await stand.issuer.token()).split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid: 'ts-1' })).toString('base64url');
      expect(line(await createWith(`${header}.${claims}.`))).toBe('401 invalid_token');
    }
  });

  test('with one claim changed under the old signature: 401', async () => {
    const [header = '', claims = '', signature = ''] = (await stand.issuer.token()).split('.');
    const changed = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('ts-a', 'ts-b')).toString('base64url');
    expect(line(await createWith(`${header}.${changed}.${signature}`))).toBe('401 invalid_token');
  });

  test('larger than 8 KiB: 401', async () => {
    expect(line(await createWith(await stand.issuer.token({ claims: { padding: 'x'.repeat(8_192) } })))).toBe('401 invalid_token');
  });

  test.each(['', 'Basic dTpw', 'Bearer', 'Bearer ', 'Bearer a b', 'Token x', 'Bearer not.a.jwt', 'Bearer ü'])(
    'Authorization: "%s": 401',
    async (authorization) => {
      expect(line(await createWith(undefined, { authorization }))).toBe('401 invalid_token');
    },
  );

  test('in the URL is no parameter of any call: 400', async () => {
    const answer = await call(stand, 'POST', `/v1/enrollments?access_token=${await stand.issuer.token()}`, {
      headers: { 'idempotency-key': 'k' },
      body: BODY,
    });
    expect(line(answer)).toBe('400 invalid_request');
  });

  test.each([
    ['expired within the skew', { claims: { exp: now() - 10 } }],
    ['made in the future within the skew', { claims: { iat: now() + 15, exp: now() + 120 } }],
    ['4 minutes old', { claims: { iat: now() - 240 } }],
    ['for several audiences, ours among them', { claims: { aud: ['x', JWT_AUDIENCE] } }],
    ['of type application/at+jwt', { header: { typ: 'application/at+jwt' } }],
  ] satisfies [string, TokenWishes][])('%s is good', async (_what, wishes) => {
    expect(line(await createWith(await stand.issuer.token(wishes)))).toBe('201');
  });

  test('of ES256, PS256 and RS256 are good, ES384 is not', async () => {
    const algorithms = ['ES256', 'PS256', 'RS256', 'ES384'];
    const pairs = await Promise.all(algorithms.map((alg) => generateKeyPair(alg)));
    const keys = await Promise.all(
      pairs.map(async ({ publicKey }, index) => ({ ...(await exportJWK(publicKey)), kid: algorithms[index] })),
    );
    const second = await apiWithKeySet(JSON.stringify({ keys }));
    const answers = await Promise.all(
      algorithms.map(async (alg, index) => {
        const key = pairs[index]?.privateKey;
        const token = await stand.issuer.token({ header: { alg, kid: alg }, ...(key === undefined ? {} : { key }) });
        return line(await call(second, 'GET', '/v1/users/u-1/pin', { token }));
      }),
    );
    expect(answers).toEqual(['200', '200', '200', '401 invalid_token']);
  });

  test('whose key set cannot be had, or is none: 503 and not 401', async () => {
    for (const keySet of [undefined, 'not JSON', '{"keys":"none"}']) {
      const second = await apiWithKeySet(keySet);
      expect(line(await call(second, 'GET', '/v1/users/u-1/pin', { token: await stand.issuer.token() }))).toBe('503 service_unavailable');
    }
  });
});

describe('scopes', () => {
  test.each([
    ['POST', '/v1/enrollments', 'enrollment:create'],
    ['GET', '/v1/enrollments/ID', 'enrollment:read'],
    ['DELETE', '/v1/enrollments/ID', 'enrollment:cancel'],
    ['GET', '/v1/users/u/pin', 'pin:read'],
    ['DELETE', '/v1/users/u/pin', 'pin:reset'],
  ])('%s %s without %s: 403 that names it', async (method, path, scope) => {
    const { id } = await bringTo(stand, 'awaiting-pin');
    const others = 'enrollment:create enrollment:read enrollment:cancel pin:read pin:reset operator operator:read operator:act'
      .split(' ')
      .filter((other) => other !== scope);
    const token = await stand.issuer.token({ scope: `${others.join(' ')} ${scope}s` });
    const answer = await call(stand, method, path.replace('ID', id), { token });
    expect(line(answer)).toBe('403 insufficient_scope');
    expect(answer.body).toMatchObject({ scope });
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer error="insufficient_scope", scope="${scope}"`);
  });
});

describe('the kind of credential', () => {
  test.each([
    ['PUT', '/pin'],
    ['POST', '/csr'],
    ['GET', '/credentials'],
    ['POST', '/ack'],
  ])('%s …%s with the access token of the Token Service: 401', async (method, part) => {
    const { id } = await bringTo(stand, 'awaiting-pin');
    expect(line(await call(stand, method, `/v1/enrollments/${id}${part}`, { token: await stand.issuer.token() }))).toBe(
      '401 invalid_token',
    );
  });

  test('a call of the Token Service with an enrollment token: 401', async () => {
    const { token } = await bringTo(stand, 'awaiting-pin');
    expect(line(await createWith(token))).toBe('401 invalid_token');
    expect(line(await call(stand, 'DELETE', '/v1/users/u/pin', { token }))).toBe('401 invalid_token');
  });

  test('a foreign, unknown, malformed or outdated enrollment token gets one and the same answer', async () => {
    const mine = await bringTo(stand, 'awaiting-pin');
    const foreign = await bringTo(stand, 'awaiting-pin');
    const over = await bringTo(stand, 'completed');
    await endedAgo(over.id, 25);
    const answers = await Promise.all([
      call(stand, 'GET', `/v1/enrollments/${mine.id}`, { token: foreign.token }),
      call(stand, 'GET', `/v1/enrollments/${randomUUID()}`, { token: mine.token }),
      call(stand, 'GET', `/v1/enrollments/${mine.id}`, { token: 'cse_x' }),
      call(stand, 'GET', `/v1/enrollments/${over.id}`, { token: over.token }),
    ]);
    const bodies = answers.map(({ text: body }) => body.replace(/urn:uuid:[0-9a-f-]+/, ''));
    expect(new Set(bodies).size).toBe(1);
    expect(answers.map(line)).toEqual(answers.map(() => '401 invalid_token'));
  });

  test('an enrollment of another client does not exist for this one, and neither does an unknown one', async () => {
    const { id } = await bringTo(stand, 'awaiting-pin');
    const token = await stand.issuer.token({ clientId: 'ts-b' });
    for (const path of [`/v1/enrollments/${id}`, `/v1/enrollments/${randomUUID()}`]) {
      for (const method of ['GET', 'DELETE']) expect(line(await call(stand, method, path, { token }))).toBe('404 enrollment_not_found');
    }
    expect((await stand.db.enrollment.findUniqueOrThrow({ where: { id } })).state).toBe('awaiting-pin');
  });

  test('the Token Service reads neither challenge nor PIN parameters', async () => {
    const atPin = await bringTo(stand, 'awaiting-pin');
    const atCsr = await bringTo(stand, 'awaiting-csr');
    const token = await stand.issuer.token();
    for (const { id } of [atPin, atCsr]) {
      const answer = await call(stand, 'GET', `/v1/enrollments/${id}`, { token });
      expect(Object.keys(Object(answer.body))).not.toEqual(expect.arrayContaining(['challenge']));
      expect(answer.text).not.toMatch(/pinParams|pinPolicy|challenge"/);
    }
    expect((await call(stand, 'GET', `/v1/enrollments/${atCsr.id}`, { token: atCsr.token })).body).toMatchObject({
      challenge: { value: expect.any(String) },
    });
    expect((await call(stand, 'GET', `/v1/enrollments/${atPin.id}`, { token: atPin.token })).body).toMatchObject({
      pinParams: { kid: 's1' },
    });
  });
});

describe('after the end', () => {
  test('the token still reads for 24 h: view, 410, stored receipt, repeated cancel', async () => {
    const completed = await bringTo(stand, 'completed');
    const cancelled = await bringTo(stand, 'cancelled');
    for (const { id } of [completed, cancelled]) await endedAgo(id, 23.9);
    const at = (id: string, token: string, method: string, part: string, body?: unknown) =>
      call(stand, method, `/v1/enrollments/${id}${part}`, { token, body });
    expect(line(await at(completed.id, completed.token, 'GET', ''))).toBe('200');
    expect(line(await at(completed.id, completed.token, 'GET', '/credentials'))).toBe('410 credentials_gone');
    expect(line(await at(completed.id, completed.token, 'POST', '/ack', { proof: completed.proof }))).toBe('200');
    expect(line(await at(cancelled.id, cancelled.token, 'DELETE', ''))).toBe('200');
    await endedAgo(completed.id, 24.1);
    expect(line(await at(completed.id, completed.token, 'POST', '/ack', { proof: completed.proof }))).toBe('401 invalid_token');
  });

  test('the Token Service that created it reads it longer', async () => {
    const { id } = await bringTo(stand, 'completed');
    await endedAgo(id, 25 * 24);
    expect((await call(stand, 'GET', `/v1/enrollments/${id}`, { token: await stand.issuer.token() })).body).toMatchObject({
      state: 'completed',
      next: 'none',
    });
  });
});

test('a token of a key that was rotated out still opens its enrollment, and one of an unknown key does not', async () => {
  const { id, token, userId } = await bringTo(stand, 'awaiting-pin');
  const old = stand.config.tokenKeys.current;
  const tokenKeys = keyRing([{ kid: 't2', key: new Uint8Array(32).fill(9) }, old]);
  const rotated = await startSecondApi(stand, { config: { ...stand.config, tokenKeys } });
  expect(line(await call(rotated, 'GET', `/v1/enrollments/${id}`, { token }))).toBe('200');
  await stand.db.enrollment.update({ where: { id }, data: { tokenKid: 'gone' } });
  expect(line(await call(stand, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: await pinBody(stand.config, userId, GOOD_PIN) }))).toBe(
    '401 invalid_token',
  );
});

/** A terminal row never changes: only the test's own hand, with the guard lifted, moves its end into the past. */
async function endedAgo(id: string, hours: number): Promise<void> {
  await stand.db.$transaction([
    stand.db.$executeRaw`SET LOCAL session_replication_role = replica`,
    stand.db
      .$executeRaw`UPDATE enrollment SET ended_at = clock_timestamp() - make_interval(secs => ${hours * 3_600}) WHERE id = ${id}::uuid`,
  ]);
}

async function apiWithKeySet(keySet: string | undefined) {
  const server = createServer((_req, res) => void res.writeHead(keySet === undefined ? 500 : 200).end(keySet));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const jwksUrl = `http://127.0.0.1:${portOf(server.address())}/`;
  return startSecondApi(stand, {
    accessTokens: accessTokens({
      issuer: JWT_ISSUER,
      audience: JWT_AUDIENCE,
      otherAudience: undefined,
      jwksUrl,
      now: Date.now,
      currentDate: async () => new Date(),
    }),
  });
}
