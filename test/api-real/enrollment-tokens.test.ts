import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { ROUTES } from '../../api/route-table.ts';
import type { State } from '../../contract/states.ts';
import { keyRing } from '../../core/key-ring.ts';
import { STATE_TABLE } from '../contract/state-table.ts';
import { type Answer, call, line, text } from './stand/call.ts';
import { ackProof, csrBody, GOOD_PIN, pinBody, wrongPinBody } from './stand/device.ts';
import { bringTo, freshChallenge, type Staged } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());

const DEVICE_CALLS = ROUTES.filter(({ callers }) => callers.includes('device')).map(
  ({ method, path }) => [method.toUpperCase(), path] as const,
);
const at = (id: string, token: string, method: string, path: string, body?: unknown, api = stand): Promise<Answer> =>
  call(api, method, path.replace('{id}', id), { token, ...(body === undefined ? {} : { body }) });

/** All that a caller can see, but what is new in each answer. */
function visible({ status, headers, text: body }: Answer): string {
  const kept = [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
  return JSON.stringify([status, kept.toSorted(), body.replace(/urn:uuid:[0-9a-f-]{36}/, 'urn:uuid:…')]);
}

test.each(DEVICE_CALLS)('%s %s: unknown, foreign, malformed, expired and retired get the same octets and headers', async (method, path) => {
  const [mine, foreign, over, retired] = [
    await bringTo(stand, 'awaiting-csr'),
    await bringTo(stand, 'awaiting-csr'),
    await bringTo(stand, 'completed'),
    await bringTo(stand, 'awaiting-csr'),
  ];
  await endedAgo(over.id, 25);
  await stand.db.enrollment.update({ where: { id: retired.id }, data: { tokenKid: 'gone' } });
  const answers = [
    await at(randomUUID(), mine.token, method, path),
    await at(mine.id, foreign.token, method, path),
    await at(mine.id, `cse_${'A'.repeat(43)}`, method, path),
    await at(mine.id, 'cse_short', method, path),
    await at(over.id, over.token, method, path),
    await at(retired.id, retired.token, method, path),
  ];
  expect(new Set(answers.map(visible)).size).toBe(1);
  expect(answers.map(line)).toEqual(answers.map(() => '401 invalid_token'));
});

describe('after the end', () => {
  const bodies: Record<string, (staged: Staged) => unknown> = {
    '/v1/enrollments/{id}/pin': () => wrongPinBody(),
    '/v1/enrollments/{id}/csr': ({ device }) => csrBody(device, '0'.repeat(82)),
    '/v1/enrollments/{id}/ack': ({ proof }) => ({ proof: proof ?? 'a.b.c' }),
  };
  const rowOf: Record<string, keyof typeof STATE_TABLE> = {
    'GET /v1/enrollments/{id}': 'view',
    'PUT /v1/enrollments/{id}/pin': 'pin',
    'POST /v1/enrollments/{id}/csr': 'csr: good and new',
    'GET /v1/enrollments/{id}/credentials': 'credentials',
    'POST /v1/enrollments/{id}/ack': 'ack after a delivery',
    'DELETE /v1/enrollments/{id}': 'cancel',
  };

  test('the table of this test has every call of a device', () => {
    expect(DEVICE_CALLS.map((one) => one.join(' ')).toSorted()).toEqual(Object.keys(rowOf).toSorted());
  });

  test.each(['completed', 'expired', 'cancelled', 'failed', 'locked'] as const satisfies readonly State[])(
    '%s: for 24 h every call answers as the state table says and changes nothing; later every call is 401',
    async (state) => {
      const staged = await bringTo(stand, state);
      const everyCall = async (): Promise<Record<string, string>> => {
        const answers: Record<string, string> = {};
        for (const [method, path] of DEVICE_CALLS) {
          const body = bodies[path]?.(staged);
          answers[`${method} ${path}`] = line(await at(staged.id, staged.token, method, path, body));
        }
        return answers;
      };
      await endedAgo(staged.id, 23.9);
      const before = await everythingOf(staged);
      expect(await everyCall()).toEqual(Object.fromEntries(Object.entries(rowOf).map(([name, row]) => [name, STATE_TABLE[row][state]])));
      expect(await everythingOf(staged)).toEqual(before);
      await endedAgo(staged.id, 24.1);
      expect(new Set(Object.values(await everyCall()))).toEqual(new Set(['401 invalid_token']));
    },
  );
});

describe('rotation while enrollments are open', () => {
  const old = stand.config.tokenKeys.current;
  const next: { kid: string; key: Uint8Array } = { kid: 't2', key: new Uint8Array(32).fill(99) };
  const apiWith = (...keys: (typeof next)[]) => startSecondApi(stand, { config: { ...stand.config, tokenKeys: keyRing(keys) } });
  const create = async (api: typeof stand, key: string) =>
    call(api, 'POST', '/v1/enrollments', {
      token: await stand.issuer.token(),
      headers: { 'idempotency-key': key },
      body: { userId: `u-${key}`, deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'ios' },
    });

  test('an open enrollment goes its whole way under the new key; new ones are made with it', async () => {
    const staged = await bringTo(stand, 'awaiting-pin');
    const rotated = await apiWith(next, old);
    const step = (method: string, part: string, body?: unknown) =>
      at(staged.id, staged.token, method, `/v1/enrollments/{id}${part}`, body, rotated);
    expect(line(await step('PUT', '/pin', await pinBody(stand.config, staged.userId, GOOD_PIN)))).toBe('200');
    const challenge = await freshChallenge(stand, staged.id);
    const credentials = await step('POST', '/csr', csrBody(staged.device, challenge));
    expect(line(credentials)).toBe('200');
    const received: Parameters<typeof ackProof>[2] = JSON.parse(credentials.text);
    expect(line(await step('POST', '/ack', { proof: ackProof(staged.device, staged.id, received) }))).toBe('200');
    expect((await stand.db.enrollment.findUniqueOrThrow({ where: { id: staged.id } })).tokenKid).toBe(old.kid);
    const id = text(await create(rotated, randomUUID()), 'enrollmentId');
    const row = await stand.db.enrollment.findUniqueOrThrow({ where: { id } });
    expect([row.tokenKid, row.tokenSalt.length]).toEqual(['t2', 16]);
  });

  test('a repeated create gives the same octets with either key in front, and says so when the key is gone', async () => {
    const key = randomUUID();
    const first = await create(stand, key);
    const rotated = await create(await apiWith(next, old), key);
    expect([rotated.status, text(rotated, 'enrollmentToken')]).toEqual([200, text(first, 'enrollmentToken')]);
    const gone = await create(await apiWith(next), key);
    expect(line(gone)).toBe('410 token_retired');
    expect(gone.body).toMatchObject({ state: 'awaiting-pin', next: 'pin.setup' });
  });

  test('once the old key is retired its tokens are 401, those of the new one go on', async () => {
    const staged = await bringTo(stand, 'awaiting-pin');
    const both = await apiWith(next, old);
    const made = await create(both, randomUUID());
    const retired = await apiWith(next);
    expect(line(await at(staged.id, staged.token, 'GET', '/v1/enrollments/{id}', undefined, both))).toBe('200');
    expect(line(await at(staged.id, staged.token, 'GET', '/v1/enrollments/{id}', undefined, retired))).toBe('401 invalid_token');
    expect(
      line(await at(text(made, 'enrollmentId'), text(made, 'enrollmentToken'), 'GET', '/v1/enrollments/{id}', undefined, retired)),
    ).toBe('200');
  });

  test('two enrollments of one device have two salts and two tokens', async () => {
    const body = { deviceId: `d-${randomUUID()}`, userId: `u-${randomUUID()}` };
    const [one, two] = [await bringTo(stand, 'awaiting-pin', body), await bringTo(stand, 'awaiting-pin', body)];
    const [first, second] = await Promise.all([one, two].map(({ id }) => stand.db.enrollment.findUniqueOrThrow({ where: { id } })));
    expect(Buffer.from(first?.tokenSalt ?? []).equals(Buffer.from(second?.tokenSalt ?? []))).toBe(false);
    expect(one.token).not.toBe(two.token);
  });
});

/** Rows of an enrollment and its user, to see that nothing moved. */
async function everythingOf({ id, userId }: Staged): Promise<unknown> {
  const { db } = stand;
  return {
    enrollment: await db.enrollment.findUniqueOrThrow({
      where: { id },
      include: {
        pinAttemptRows: { orderBy: { chargedAt: 'asc' } },
        submissions: { orderBy: { receivedAt: 'asc' } },
        delivery: true,
      },
    }),
    certificates: await db.certificate.findMany({ where: { enrollmentId: id }, orderBy: { serial: 'asc' } }),
    pin: await db.userPin.findUnique({ where: { userId } }),
    audit: await db.audit.count({ where: { enrollmentId: id } }),
  };
}

/** A terminal row never changes: only the test's own hand, with the guard lifted, moves its end into the past. */
async function endedAgo(id: string, hours: number): Promise<void> {
  await stand.db.$transaction([
    stand.db.$executeRaw`SET LOCAL session_replication_role = replica`,
    stand.db
      .$executeRaw`UPDATE enrollment SET ended_at = clock_timestamp() - make_interval(secs => ${hours * 3_600}) WHERE id = ${id}::uuid`,
  ]);
}
