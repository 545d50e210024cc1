import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { rateLimits } from '../../api/limits/rate-limits.ts';
import type { Config } from '../../config/load-config.ts';
import { type Answer, call, line, text } from './stand/call.ts';
import { wrongPinBody } from './stand/device.ts';
import { startOperatorListener } from './stand/listeners.ts';
import { bringTo } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.db.$executeRaw`TRUNCATE rate_limit`);

const HIGH = { points: 1_000_000, seconds: 60 };
type Rates = Partial<
  Pick<
    Config<'api'>,
    'rateAddress' | 'rateToken' | 'rateUser' | 'rateClient' | 'rateClientUser' | 'rateOperator' | 'trustedProxies' | 'databaseUrl'
  >
>;

/** An API process of its own over the same rows; what is not said is not limited. */
async function limited(rates: Rates) {
  const config = {
    ...stand.config,
    rateLimits: true,
    rateAddress: HIGH,
    rateToken: HIGH,
    rateUser: HIGH,
    rateClient: HIGH,
    rateClientUser: HIGH,
    rateClientReset: HIGH,
    rateOperator: HIGH,
    rateOperatorReset: HIGH,
    ...rates,
  };
  const limits = rateLimits(config);
  onTestFinished(() => limits.close());
  return startSecondApi(stand, { config, limits });
}

const JWKS = '/.well-known/cs-evidence-jwks.json';
const CREATE = { deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'ios' };
const create = async (base: typeof stand, userId: string, clientId = 'ts-a') =>
  call(base, 'POST', '/v1/enrollments', {
    token: await stand.issuer.token({ clientId }),
    headers: { 'idempotency-key': randomUUID() },
    body: { ...CREATE, userId },
  });

async function times(count: number, one: () => Promise<Answer>): Promise<string[]> {
  const lines: string[] = [];
  for (let n = 0; n < count; n += 1) lines.push(line(await one()));
  return lines;
}
const TOO_MANY = '429 too_many_requests';

describe('each limit', () => {
  test('of an address: whatever proves no caller, on any path', async () => {
    const api = await limited({ rateAddress: { points: 3, seconds: 60 } });
    const answers = [
      await call(api, 'GET', JWKS),
      await call(api, 'GET', '/nothing'),
      await call(api, 'GET', '/docs/nothing'),
      await call(api, 'GET', JWKS),
    ];
    expect(answers.map(line)).toEqual(['200', '404 route_not_found', '404 route_not_found', TOO_MANY]);
    expect(text(answers[3] ?? fail(), 'limit')).toBe('address');
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(50);
  });

  test('of an address: who hangs up before the refusal pays like one who waits for it', async () => {
    const api = await limited({ rateAddress: { points: 20, seconds: 60 } });
    const hangUp = async () => {
      const aborted = new AbortController();
      const headers = { authorization: 'Bearer cse_wrong' };
      const asked = fetch(`${api.base}/v1/enrollments/${randomUUID()}`, { headers, signal: aborted.signal }).catch(() => undefined);
      setTimeout(() => aborted.abort(), 1);
      await asked;
    };
    for (let n = 0; n < 6; n += 1) await hangUp();
    await expect.poll(async () => line(await call(api, 'GET', JWKS))).toBe(TOO_MANY);
  });

  test('of an address: a 401 counts ten times', async () => {
    const api = await limited({ rateAddress: { points: 20, seconds: 60 } });
    const refused = () => call(api, 'GET', `/v1/enrollments/${randomUUID()}`, { token: 'cse_wrong' });
    expect(await times(2, refused)).toEqual(['401 invalid_token', '401 invalid_token']);
    await expect.poll(async () => line(await call(api, 'GET', JWKS))).toBe(TOO_MANY);
    expect(line(await refused())).toBe(TOO_MANY);
  });

  test('of an address does not count who proved its credential', async () => {
    const api = await limited({ rateAddress: { points: 2, seconds: 60 } });
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    expect(await times(6, () => call(api, 'GET', `/v1/enrollments/${id}`, { token }))).toEqual(Array(6).fill('200'));
    expect(await times(4, () => create(api, 'u-many'))).toEqual(Array(4).fill('201'));
  });

  test('of an enrollment token, and another one is not hindered', async () => {
    const api = await limited({ rateToken: { points: 2, seconds: 60 } });
    const [one, other] = [await bringTo(stand, 'awaiting-pin'), await bringTo(stand, 'awaiting-pin')];
    const view = ({ id, token }: typeof one) => call(api, 'GET', `/v1/enrollments/${id}`, { token });
    expect(await times(3, () => view(one))).toEqual(['200', '200', TOO_MANY]);
    expect(line(await view(other))).toBe('200');
  });

  test('of a user: refused PIN calls charge nothing', async () => {
    const api = await limited({ rateUser: { points: 1, seconds: 60 } });
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    const attempts = () => stand.db.pinAttempt.count({ where: { enrollmentId: id } });
    const enter = () => call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: wrongPinBody() });
    await enter();
    const before = await attempts();
    expect(line(await enter())).toBe(TOO_MANY);
    expect(await attempts()).toBe(before);
  });

  test('of a client, and another one is not hindered', async () => {
    const api = await limited({ rateClient: { points: 2, seconds: 60 } });
    expect(await times(3, () => create(api, 'u-c'))).toEqual(['201', '201', TOO_MANY]);
    expect(line(await create(api, 'u-c', 'ts-b'))).toBe('201');
  });
});

test('what is left is said in the headers RateLimit and RateLimit-Policy', async () => {
  const api = await limited({ rateToken: { points: 9, seconds: 60 } });
  const { id, token } = await bringTo(stand, 'awaiting-pin');
  const { headers } = await call(api, 'GET', `/v1/enrollments/${id}`, { token });
  expect(headers.get('ratelimit-policy')).toBe('"token";q=9;w=60');
  expect(headers.get('ratelimit')).toMatch(/^"token";r=8;t=(60|59)$/);
});

test('two processes count together', async () => {
  const rates = { rateClient: { points: 3, seconds: 60 } };
  const [one, other] = [await limited(rates), await limited(rates)];
  expect([
    ...(await times(2, () => create(one, 'u-2'))),
    ...(await times(2, () => create(other, 'u-2'))),
    ...(await times(1, () => create(one, 'u-2'))),
  ]).toEqual(['201', '201', '201', TOO_MANY, TOO_MANY]);
});

test('a window ends, and the caller goes on', async () => {
  const api = await limited({ rateClient: { points: 1, seconds: 5 } });
  expect(await times(2, () => create(api, 'u-w'))).toEqual(['201', TOO_MANY]);
  await expect.poll(async () => line(await create(api, 'u-w')), { interval: 300 }).toBe('201');
});

describe('an operator', () => {
  test('who proved who it is is not counted by address, whoever lacks the scope neither: both by their subject', async () => {
    const api = await limited({ rateAddress: { points: 3, seconds: 60 }, rateOperator: { points: 4, seconds: 60 } });
    const operator = await startOperatorListener(api);
    expect(line(await call(api, 'GET', JWKS))).toBe('200');
    const statuses = async (subject: string, scope: string) => {
      const seen: number[] = [];
      for (let n = 0; n < 5; n += 1) {
        const headers = { authorization: `Bearer ${await operator.token({ subject, scope })}` };
        seen.push((await fetch(`${operator.base}/v1/operator/locked-users`, { headers })).status);
        await sleep(150); // an address is counted after the answer
      }
      return seen;
    };
    expect(await statuses('may', 'operator:read')).toEqual([200, 200, 200, 200, 429]);
    expect(await statuses('may-not', 'enrollment:read')).toEqual([403, 403, 403, 403, 429]);
    expect(await stand.db.audit.count({ where: { actor: 'operator:may-not' } })).toBe(4);
    expect(line(await call(api, 'GET', JWKS))).toBe('200');
  });
});

test('of an operator: too many calls are 429, and leave no audit row', async () => {
  const api = await limited({ rateOperator: { points: 2, seconds: 60 } });
  const operator = await startOperatorListener(api);
  const ask = async () => {
    const headers = { authorization: `Bearer ${await operator.token({ subject: 'busy' })}` };
    return (await fetch(`${operator.base}/v1/operator/locked-users`, { headers })).status;
  };
  expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
  expect(await stand.db.audit.count({ where: { actor: 'operator:busy' } })).toBe(2);
});

describe('addresses', () => {
  const from = (api: typeof stand, address: string) => call(api, 'GET', JWKS, { headers: { 'x-forwarded-for': address } });

  test('X-Forwarded-For of anybody is ignored: no caller makes itself another one', async () => {
    const api = await limited({ rateAddress: { points: 2, seconds: 60 } });
    const lines = [];
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) lines.push(line(await from(api, address)));
    expect(lines).toEqual(['200', '200', TOO_MANY]);
  });

  test('of a configured proxy it is believed, as far as the chain is of configured proxies', async () => {
    const api = await limited({ rateAddress: { points: 1, seconds: 60 }, trustedProxies: ['127.0.0.0/8', '10.0.0.1'] });
    expect([line(await from(api, '192.0.2.1')), line(await from(api, '192.0.2.2')), line(await from(api, '192.0.2.1'))]).toEqual([
      '200',
      '200',
      TOO_MANY,
    ]);
    // The left end is what the caller wrote itself.
    expect(line(await from(api, '198.51.100.9, 192.0.2.2, 10.0.0.1'))).toBe(TOO_MANY);
  });

  test('nor does the port that a proxy writes beside an address make another one', async () => {
    const api = await limited({ rateAddress: { points: 1, seconds: 60 }, trustedProxies: ['127.0.0.0/8', '10.0.0.1'] });
    const lines = [];
    for (const chain of ['192.0.2.1:4711', '192.0.2.1:4712', '[2001:db8::1]:4711, 10.0.0.1:443', '[2001:db8::1]:4712'])
      lines.push(line(await from(api, chain)));
    expect(lines).toEqual(['200', TOO_MANY, '200', TOO_MANY]);
  });

  test('of IPv6 the /64 counts', async () => {
    const api = await limited({ rateAddress: { points: 1, seconds: 60 }, trustedProxies: ['127.0.0.1'] });
    expect([
      line(await from(api, '2001:db8::1')),
      line(await from(api, '2001:db8::2:3')),
      line(await from(api, '2001:db8:0:1::1')),
    ]).toEqual(['200', TOO_MANY, '200']);
  });
});

test('the table names nobody: neither address, user, client, enrollment nor token', async () => {
  const api = await limited({});
  const { id, token, userId } = await bringTo(stand, 'awaiting-pin');
  await call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: wrongPinBody() });
  await create(api, userId);
  await call(api, 'GET', JWKS);
  const rows = await stand.db.rateLimit.findMany();
  expect(rows.map(({ key }) => key.split(':')[0]).sort()).toEqual(['address', 'client', 'client-user', 'token', 'user']);
  for (const word of [id, token, userId, 'ts-a', '127.0.0.1']) expect(JSON.stringify(rows.map(({ key }) => key))).not.toContain(word);
});

describe('the database does not answer', () => {
  const AWAY = 'postgresql://nobody:nothing@127.0.0.1:1/none';

  test('each process counts in its memory, against a quarter', async () => {
    const api = await limited({ rateAddress: { points: 8, seconds: 60 }, databaseUrl: AWAY });
    expect(await times(3, () => call(api, 'GET', JWKS))).toEqual(['200', '200', TOO_MANY]);
  });

  test('calls go on as far as their own rows allow', async () => {
    const api = await limited({ databaseUrl: AWAY });
    expect(line(await create(api, 'u-away'))).toBe('201');
  });
});

test('the table is in no write-ahead log, and so in no backup that is made of it', async () => {
  const [{ persistence } = { persistence: '' }] = await stand.db.$queryRaw<{ persistence: string }[]>`
    SELECT relpersistence::text AS persistence FROM pg_class WHERE relname = 'rate_limit'`;
  expect(persistence).toBe('u');
});

function fail(): never {
  throw new Error('an answer is missing');
}
