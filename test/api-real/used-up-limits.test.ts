import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import { pino } from 'pino';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { rateLimits } from '../../api/limits/rate-limits.ts';
import type { Config } from '../../config/load-config.ts';
import { call, line, text } from './stand/call.ts';
import { countedDatabase } from './stand/counted-database.ts';
import { wrongPinBody } from './stand/device.ts';
import { startOperatorListener } from './stand/listeners.ts';
import { bringTo } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

/* Who may use up what, and what a call costs that comes after (ADR 40). Statements are counted, not seconds. */

const stand = await startStand();
beforeEach(() => stand.db.$executeRaw`TRUNCATE rate_limit`);

const TOO_MANY = '429 too_many_requests';
const JWKS = '/.well-known/cs-evidence-jwks.json';

/** An API process with the default limits but for these, all of whose messages to the database are counted. */
async function counted(rates: Partial<Config<'api'>>) {
  const { url, db, messages } = await countedDatabase(stand.config.databaseUrl);
  const config = { ...stand.config, rateLimits: true, databaseUrl: url, ...rates };
  const limits = rateLimits(config);
  onTestFinished(() => limits.close());
  const lines: string[] = [];
  const log = pino({}, { write: (written: string) => lines.push(written) });
  const api = await startSecondApi(stand, { config, limits, db, log, accessTokens: stand.deps.accessTokens, clock: stand.deps.clock });
  return { api, messages, lines };
}

type Api = Awaited<ReturnType<typeof counted>>['api'];
const ofService = async (api: Api, method: string, userId: string, clientId = 'ts-a') =>
  call(api, method, `/v1/users/${userId}/pin`, { token: await stand.issuer.token({ clientId }) });
const create = async (api: Api, userId: string, clientId = 'ts-a') =>
  call(api, 'POST', '/v1/enrollments', {
    token: await stand.issuer.token({ clientId }),
    headers: { 'idempotency-key': randomUUID() },
    body: { userId, deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'ios' },
  });

describe('an old phone shuts nobody out', () => {
  const TWO = { rateUser: { points: 2, seconds: 300 }, rateClientUser: { points: 3, seconds: 300 } };

  test('120 empty PINs to an enrollment that ended: the Token Service goes on for its user', async () => {
    const { api } = await counted({});
    const { id, token, userId } = await bringTo(stand, 'cancelled');
    for (let n = 0; n < 119; n += 1) expect((await call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token })).status).toBe(415);
    expect([line(await create(api, userId)), line(await ofService(api, 'GET', userId))]).toEqual(['201', '200']);
    expect(line(await ofService(api, 'DELETE', userId))).toBe('204');
  });

  test.each(['awaiting-csr', 'completed', 'cancelled'] as const)('in %s a PIN that is sent takes nothing from the user', async (stage) => {
    const { api } = await counted({ rateUser: { points: 1, seconds: 300 } });
    const { id, token } = await bringTo(stand, stage);
    for (let n = 0; n < 3; n += 1)
      expect(line(await call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: wrongPinBody() }))).not.toBe(TOO_MANY);
  });

  test('what is no PIN request takes nothing from the user either', async () => {
    const { api } = await counted({ rateUser: { points: 1, seconds: 300 } });
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    for (let n = 0; n < 3; n += 1)
      expect(line(await call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: { mode: 'setup' } }))).toBe('422 invalid_body');
    expect(line(await call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: wrongPinBody() }))).not.toBe(TOO_MANY);
  });

  test('entries of the PIN count for the user over all devices, and only for devices', async () => {
    const { api } = await counted(TWO);
    const userId = `u-${randomUUID()}`;
    const [one, other] = [await bringTo(stand, 'awaiting-pin', { userId }), await bringTo(stand, 'awaiting-pin', { userId })];
    const enter = ({ id, token }: typeof one) => call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: wrongPinBody() });
    const answers = [await enter(one), await enter(other), await enter(one), await enter(other)];
    expect(answers.map(line).slice(2)).toEqual([TOO_MANY, TOO_MANY]);
    expect(answers.slice(2).map((answer) => text(answer, 'limit'))).toEqual(['user', 'user']);
    expect(line(await ofService(api, 'GET', userId))).toBe('200');
  });

  test('nor does one Token Service use up what another one may do about a user', async () => {
    const { api } = await counted(TWO);
    const userId = `u-${randomUUID()}`;
    for (let n = 0; n < 3; n += 1) expect(line(await ofService(api, 'GET', userId))).toBe('200');
    const refused = await create(api, userId);
    expect([line(refused), text(refused, 'limit')]).toEqual([TOO_MANY, 'client-user']);
    expect([line(await create(api, userId, 'ts-b')), line(await ofService(api, 'GET', `u-${randomUUID()}`))]).toEqual(['201', '200']);
  });
});

describe('resets of PINs', () => {
  test('of one Token Service have a limit of their own, which reads do not spend', async () => {
    const { api } = await counted({ rateClientReset: { points: 2, seconds: 3_600 } });
    const lines: string[] = [];
    for (const method of ['GET', 'GET', 'GET', 'DELETE', 'DELETE', 'DELETE', 'GET'])
      lines.push(line(await ofService(api, method, `u-${randomUUID()}`)));
    expect(lines).toEqual(['200', '200', '200', '204', '204', TOO_MANY, '200']);
    expect(line(await ofService(api, 'DELETE', 'u-1', 'ts-b'))).toBe('204');
  });

  test('of one operator too; the first refusal is audited, what comes after costs no row', async () => {
    const { api } = await counted({ rateOperatorReset: { points: 2, seconds: 3_600 } });
    const operator = await startOperatorListener(api);
    const ask = async (method: string, path: string, subject = 'resetter') => {
      const headers = { authorization: `Bearer ${await operator.token({ subject })}` };
      return (await fetch(`${operator.base}/v1/operator${path}`, { method, headers })).status;
    };
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push(await ask('DELETE', `/users/u-${n}/pin`));
    expect(statuses).toEqual([204, 204, 429, 429, 429]);
    expect([await ask('GET', '/locked-users'), await ask('DELETE', '/users/u-9/pin', 'colleague')]).toEqual([200, 204]);
    const rows = await stand.db.audit.findMany({ where: { actor: 'operator:resetter', action: 'operator.pin-reset' } });
    expect(rows.filter(({ outcome }) => outcome === 'too_many_requests')).toHaveLength(1);
  });
});

describe('a caller over its limit', () => {
  test('with an enrollment token: nothing is asked of the database, nothing is charged to its address', async () => {
    const { api, messages } = await counted({ rateToken: { points: 5, seconds: 60 }, rateAddress: { points: 2, seconds: 60 } });
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    for (let n = 0; n < 5; n += 1) expect(line(await call(api, 'GET', `/v1/enrollments/${id}`, { token }))).toBe('200');
    const before = messages();
    const parts = ['GET ', 'DELETE ', 'GET /credentials', 'PUT /pin', 'POST /csr', 'POST /ack'].map((one) => one.split(' '));
    for (let n = 0; n < 60; n += 1) {
      const [method = '', part = ''] = parts[n % parts.length] ?? [];
      expect(line(await call(api, method, `/v1/enrollments/${id}${part}`, { token }))).toBe(TOO_MANY);
    }
    expect(messages() - before).toBe(0);
    expect(line(await call(api, 'GET', JWKS))).toBe('200');
  });

  test('another token for the same enrollment is not believed because of that: it is read, refused and charged', async () => {
    const { api } = await counted({ rateToken: { points: 1, seconds: 60 }, rateAddress: { points: 15, seconds: 60 } });
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    const ask = (shown: string) => call(api, 'GET', `/v1/enrollments/${id}`, { token: shown });
    expect([line(await ask(token)), line(await ask(token))]).toEqual(['200', TOO_MANY]);
    const thief = `cse_${'A'.repeat(43)}`;
    expect([line(await ask(thief)), line(await ask(thief))]).toEqual(['401 invalid_token', '401 invalid_token']);
    await expect.poll(async () => text(await call(api, 'GET', JWKS), 'limit')).toBe('address');
  });

  test('with PINs for a user that has none left: the second refusal reads no row', async () => {
    const { api, messages } = await counted({ rateUser: { points: 1, seconds: 300 } });
    const userId = `u-${randomUUID()}`;
    const { id, token } = await bringTo(stand, 'awaiting-pin', { userId });
    const enter = () => call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: wrongPinBody() });
    await enter();
    expect(line(await enter())).toBe(TOO_MANY);
    const before = messages();
    for (let n = 0; n < 20; n += 1) expect(line(await enter())).toBe(TOO_MANY);
    expect(messages() - before).toBe(0);
    expect(line(await call(api, 'GET', `/v1/enrollments/${id}`, { token }))).toBe('200');
  });

  test.each([
    ['client', { rateClient: { points: 1, seconds: 60 } }],
    ['client-user', { rateClientUser: { points: 1, seconds: 60 } }],
    ['client-reset', { rateClientReset: { points: 1, seconds: 60 } }],
  ])('that is a Token Service (%s): nothing is asked of the database', async (limit, rates) => {
    const { api, messages } = await counted({ ...rates, rateAddress: { points: 2, seconds: 60 } });
    const userId = `u-${randomUUID()}`;
    const spend = () => (limit === 'client-user' ? create(api, userId) : ofService(api, 'DELETE', userId));
    expect(line(await spend())).not.toBe(TOO_MANY);
    const before = messages();
    for (let n = 0; n < 20; n += 1) {
      const answer = await spend();
      expect([line(answer), text(answer, 'limit')]).toEqual([TOO_MANY, limit]);
    }
    expect(messages() - before).toBe(0);
    expect(line(await call(api, 'GET', JWKS))).toBe('200');
  });

  test('writes its first line and each hundredth', async () => {
    const { api, lines } = await counted({ rateToken: { points: 1, seconds: 60 } });
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    for (let n = 0; n < 251; n += 1) await call(api, 'GET', `/v1/enrollments/${id}`, { token });
    await expect.poll(() => refusedLines(lines)).toEqual([1, 100, 200]);
    expect(lines.filter((one) => one.includes('"request"'))).toHaveLength(4);
  });

  test('loses its connection with the tenth refusal', async () => {
    const { api } = await counted({ rateToken: { points: 3, seconds: 60 } });
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const seen: string[] = [];
    for (let n = 0; n < 24; n += 1) {
      const { statusCode, headers } = await get(`${api.base}/v1/enrollments/${id}`, token, agent);
      seen.push(`${statusCode} ${headers.connection}`);
    }
    const kept = (count: number, status: number) => Array.from({ length: count }, () => `${status} keep-alive`);
    expect(seen).toEqual([...kept(3, 200), ...kept(9, 429), '429 close', ...kept(9, 429), '429 close', ...kept(1, 429)]);
  });

  test('behind a configured proxy it does not take the connection of the others along', async () => {
    const { api } = await counted({ rateToken: { points: 1, seconds: 60 }, trustedProxies: ['127.0.0.1'] });
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (let n = 0; n < 15; n += 1)
      expect((await get(`${api.base}/v1/enrollments/${id}`, token, agent)).headers.connection).toBe('keep-alive');
  });
});

function refusedLines(lines: readonly string[]): unknown[] {
  return lines.map((one) => Reflect.get(Object(JSON.parse(one)), 'refusals')).filter((refusals) => refusals !== undefined);
}

function get(url: string, token: string, agent: Agent): Promise<IncomingMessage> {
  return new Promise((done, failed) => {
    request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => answer.resume().on('end', () => done(answer)))
      .on('error', failed)
      .end();
  });
}
