import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ServiceError } from '../../contract/service-error.ts';
import { openDatabase } from '../../store/database.ts';
import { type Answer, call, line, text } from './stand/call.ts';
import { csrBody, GOOD_PIN, pinBody, wrongPinBody } from './stand/device.ts';
import { bringTo, deliver, freshChallenge, type Staged } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());

const at = ({ id, token }: Staged, method: string, part: string, body?: unknown, base = stand): Promise<Answer> =>
  call(base, method, `/v1/enrollments/${id}${part}`, { token, body });
const CREATE = { userId: 'u-1', deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'ios' };
const createAt = async (base = stand) =>
  call(base, 'POST', '/v1/enrollments', { token: await stand.issuer.token(), headers: { 'idempotency-key': randomUUID() }, body: CREATE });

describe.each(['service_unavailable', 'workflow_unavailable'] as const)('Temporal answers %s', (code) => {
  const fail = () => {
    stand.gateway.failure = new ServiceError(code);
  };
  const refused = `503 ${code}`;

  test('the right PIN, and again once it is back', async () => {
    const staged = await bringTo(stand, 'awaiting-pin');
    const body = await pinBody(stand.config, staged.userId, GOOD_PIN);
    fail();
    expect(line(await at(staged, 'PUT', '/pin', body))).toBe(refused);
    stand.gateway.reset();
    expect(line(await at(staged, 'PUT', '/pin', body))).toBe('200');
  });

  test('a PIN whose workflow was never started: nothing is charged', async () => {
    const staged = await bringTo(stand, 'awaiting-pin');
    await stand.db.enrollment.update({ where: { id: staged.id }, data: { startedAt: null } });
    fail();
    expect(line(await at(staged, 'PUT', '/pin', wrongPinBody()))).toBe(refused);
    expect((await stand.db.enrollment.findUniqueOrThrow({ where: { id: staged.id } })).pinAttempts).toBe(1);
    expect((await stand.db.userPin.findUniqueOrThrow({ where: { userId: staged.userId } })).failed).toBe(1);
  });

  test('the CSR, which is kept, and again once it is back', async () => {
    const staged = await bringTo(stand, 'awaiting-csr');
    const body = csrBody(staged.device, await freshChallenge(stand, staged.id));
    fail();
    expect(line(await at(staged, 'POST', '/csr', body))).toBe(refused);
    expect((await stand.db.enrollment.findUniqueOrThrow({ where: { id: staged.id } })).state).toBe('awaiting-csr');
    stand.gateway.reset();
    expect(line(await at(staged, 'POST', '/csr', body))).toBe('200');
  });

  test('the acknowledgement, and again once it is back', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const proof = await deliver(stand, staged);
    fail();
    expect(line(await at(staged, 'POST', '/ack', { proof }))).toBe(refused);
    stand.gateway.reset();
    expect(line(await at(staged, 'POST', '/ack', { proof }))).toBe('200');
  });

  test('the cancellation, and again once it is back', async () => {
    const staged = await bringTo(stand, 'awaiting-csr');
    fail();
    expect(line(await at(staged, 'DELETE', ''))).toBe(refused);
    stand.gateway.reset();
    expect((await at(staged, 'DELETE', '')).body).toMatchObject({ state: 'cancelled' });
  });

  test('view, credentials and everything that has ended are served all the same', async () => {
    const [ready, completed, expired] = [
      await bringTo(stand, 'awaiting-ack'),
      await bringTo(stand, 'completed'),
      await bringTo(stand, 'expired'),
    ];
    fail();
    const answers = [
      await at(ready, 'GET', ''),
      await at(ready, 'GET', '/credentials'),
      await at(ready, 'POST', '/csr', ready.acceptedCsr),
      await at(completed, 'POST', '/ack', { proof: completed.proof }),
      await at(completed, 'GET', '/credentials'),
      await at(completed, 'PUT', '/pin', wrongPinBody()),
      await at(expired, 'DELETE', ''),
      await at(expired, 'POST', '/ack', { proof: 'a.b.c' }),
      await at(expired, 'POST', '/csr', expired.refusedCsr),
    ];
    expect(answers.map(line)).toEqual([
      '200',
      '200',
      '200',
      '200',
      '410 credentials_gone',
      '200',
      '200',
      '410 enrollment_ended',
      '422 challenge_mismatch',
    ]);
  });
});

test('Temporal away: a create is 503', async () => {
  stand.gateway.away();
  expect(line(await createAt())).toBe('503 service_unavailable');
});

test('a run that is gone because its row has ended meanwhile: the row answers', async () => {
  const staged = await bringTo(stand, 'awaiting-ack');
  const proof = await deliver(stand, staged);
  const acknowledge = stand.gateway.acknowledge.bind(stand.gateway);
  onTestFinished(() => {
    stand.gateway.acknowledge = acknowledge;
  });
  stand.gateway.acknowledge = async (id) => {
    await stand.gateway.activities.endEnrollment({ enrollmentId: id, state: 'expired', code: 'deadline_ack' });
    throw new ServiceError('workflow_unavailable');
  };
  expect(line(await at(staged, 'POST', '/ack', { proof }))).toBe('410 enrollment_ended');
});

test('a fault of ours is 500 with nothing of its text', async () => {
  const staged = await bringTo(stand, 'awaiting-csr');
  stand.gateway.failure = new Error('password of the database');
  const answer = await at(staged, 'DELETE', '');
  expect(line(answer)).toBe('500 internal_error');
  expect(answer.text).not.toContain('password');
});

describe('the database is away', () => {
  test('every call is 503 with Retry-After, nothing crashes, and a wrong credential of the Token Service is still 401', async () => {
    const staged = await bringTo(stand, 'awaiting-pin');
    const db = openDatabase('postgresql://nobody:nothing@127.0.0.1:1/none');
    onTestFinished(() => db.$disconnect());
    const away = await startSecondApi(stand, { db });
    const token = await stand.issuer.token();
    const answers = [
      await createAt(away),
      await at(staged, 'GET', '', undefined, away),
      await at(staged, 'PUT', '/pin', wrongPinBody(), away),
      await at(staged, 'POST', '/csr', csrBody(staged.device, '0'.repeat(82)), away),
      await at(staged, 'GET', '/credentials', undefined, away),
      await at(staged, 'POST', '/ack', { proof: 'a.b.c' }, away),
      await at(staged, 'DELETE', '', undefined, away),
      await call(away, 'GET', '/v1/users/u-1/pin', { token }),
      await call(away, 'DELETE', '/v1/users/u-1/pin', { token }),
      await call(away, 'GET', '/.well-known/cs-evidence-jwks.json'),
    ];
    expect(answers.map(line)).toEqual(answers.map(() => '503 service_unavailable'));
    expect(answers.map((answer) => text(answer, 'detail'))).toEqual(answers.map(() => 'The database does not answer.'));
    expect(line(await call(away, 'GET', '/v1/users/u-1/pin', { token: 'x' }))).toBe('401 invalid_token');
  });

  test('and comes back: connections that the server closed cost a 503 at most', async () => {
    const staged = await bringTo(stand, 'awaiting-pin');
    await stand.db
      .$executeRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    const answers: string[] = [];
    for (let n = 0; n < 20 && answers.at(-1) !== '200'; n += 1) answers.push(line(await at(staged, 'GET', '')));
    expect(answers.at(-1)).toBe('200');
    expect(answers.filter((answer) => answer !== '200' && answer !== '503 service_unavailable')).toEqual([]);
  });
});
