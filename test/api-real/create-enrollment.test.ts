import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { toEnrollmentId } from '../../contract/ids.ts';
import { type Answer, call, line, text } from './stand/call.ts';
import { bringTo, givePin } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());

interface Wishes {
  userId?: string;
  deviceId?: string;
  pin?: 'verify' | 'skip-if-present';
}

const bodyOf = ({ userId = `u-${randomUUID()}`, deviceId = 'd-1', pin = 'verify' }: Wishes = {}) => ({
  userId,
  deviceId,
  tokenId: 't-1',
  pin,
  platform: 'android',
});

async function create(key: string, body: object | string, clientId = 'ts-a'): Promise<Answer> {
  return call(stand, 'POST', '/v1/enrollments', {
    token: await stand.issuer.token({ clientId }),
    headers: { 'idempotency-key': key },
    body,
  });
}

const idOf = (answer: Answer) => toEnrollmentId(text(answer, 'enrollmentId'));
const rowOf = (answer: Answer) => stand.db.enrollment.findUniqueOrThrow({ where: { id: idOf(answer) } });

test('a new enrollment has a row, a started workflow and a token that opens it', async () => {
  const answer = await create(randomUUID(), bodyOf());
  expect(answer.status).toBe(201);
  expect(answer.body).toMatchObject({ state: 'awaiting-pin', next: 'pin.setup', pinStatus: 'absent' });
  expect(await rowOf(answer)).toMatchObject({ state: 'awaiting-pin', clientId: 'ts-a', startedAt: expect.any(Date) });
  expect(stand.gateway.countOf('start', idOf(answer))).toBe(1);
  const view = await call(stand, 'GET', `/v1/enrollments/${idOf(answer)}`, { token: text(answer, 'enrollmentToken') });
  expect(view.body).toMatchObject({ state: 'awaiting-pin', next: 'pin.setup', expiresAt: text(answer, 'expiresAt') });
  expect(await stand.db.audit.findFirst({ where: { enrollmentId: idOf(answer) } })).toMatchObject({
    actor: 'token-service:ts-a',
    action: 'enrollment.create',
  });
});

test('repeated with the same key and body: the same id and token, and the workflow is not started again', async () => {
  const [key, body] = [randomUUID(), bodyOf()];
  const first = await create(key, body);
  const again = await create(key, body);
  expect(again.status).toBe(200);
  expect(again.body).toEqual(first.body);
  expect(stand.gateway.countOf('start', idOf(first))).toBe(1);
});

test('order of members and white space are no other body', async () => {
  const [key, body] = [randomUUID(), bodyOf()];
  const first = await create(key, body);
  const reversed = JSON.stringify(Object.fromEntries(Object.entries(body).toReversed()), null, 3);
  expect(idOf(await create(key, reversed))).toBe(idOf(first));
});

test.each([{ userId: 'u-other' }, { deviceId: 'd-other' }, { tokenId: 't-other' }, { pin: 'skip-if-present' }, { platform: 'ios' }])(
  'the same key with %j: 422, and the first enrollment stays',
  async (other) => {
    const [key, body] = [randomUUID(), bodyOf()];
    const first = await create(key, body);
    expect(line(await create(key, { ...body, ...other }))).toBe('422 idempotency_key_reused');
    expect((await rowOf(first)).state).toBe('awaiting-pin');
  },
);

test('the same key of another client is another enrollment', async () => {
  const [key, body] = [randomUUID(), bodyOf()];
  const first = await create(key, body);
  const second = await create(key, body, 'ts-b');
  expect(second.status).toBe(201);
  expect(idOf(second)).not.toBe(idOf(first));
  expect((await rowOf(first)).state).toBe('awaiting-pin');
});

test('a new enrollment of a device ends the older open one as superseded, and its run is nudged', async () => {
  const body = bodyOf();
  const older = await create(randomUUID(), body);
  const newer = await create(randomUUID(), body);
  expect(await rowOf(older)).toMatchObject({ state: 'cancelled', code: 'superseded' });
  expect((await rowOf(newer)).state).toBe('awaiting-pin');
  expect(stand.gateway.countOf('nudge', idOf(older))).toBe(1);
  const view = await call(stand, 'GET', `/v1/enrollments/${idOf(older)}`, { token: text(older, 'enrollmentToken') });
  expect(view.body).toMatchObject({ state: 'cancelled', code: 'superseded', next: 'none' });
});

test('a repetition of the older create never supersedes: it shows how the older one ended', async () => {
  const [key, body] = [randomUUID(), bodyOf()];
  const older = await create(key, body);
  const newer = await create(randomUUID(), body);
  const repeated = await create(key, body);
  expect(repeated.status).toBe(200);
  expect(repeated.body).toMatchObject({ enrollmentId: idOf(older), state: 'cancelled', next: 'none' });
  expect((await rowOf(newer)).state).toBe('awaiting-pin');
  expect(stand.gateway.countOf('start', idOf(older))).toBe(1);
});

test('another device of the user, or the same device id of another client, supersedes nothing', async () => {
  const body = bodyOf();
  const first = await create(randomUUID(), body);
  await create(randomUUID(), { ...body, deviceId: 'd-2' });
  await create(randomUUID(), body, 'ts-b');
  expect((await rowOf(first)).state).toBe('awaiting-pin');
});

test('creates for one device at the same moment leave one open row', async () => {
  const body = bodyOf();
  const answers = await Promise.all(Array.from({ length: 8 }, () => create(randomUUID(), body)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
  const rows = await stand.db.enrollment.findMany({ where: { userId: body.userId } });
  expect(rows.filter(({ state }) => state === 'awaiting-pin')).toHaveLength(1);
  expect(rows.filter(({ code }) => code === 'superseded')).toHaveLength(7);
});

test('the same create at the same moment is one enrollment', async () => {
  const [key, body] = [randomUUID(), bodyOf()];
  const answers = await Promise.all(Array.from({ length: 8 }, () => create(key, body)));
  expect(new Set(answers.map((answer) => text(answer, 'enrollmentToken'))).size).toBe(1);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(await stand.db.enrollment.count({ where: { userId: body.userId } })).toBe(1);
});

test('Temporal away: 503, the row stays, and the repetition starts it', async () => {
  const [key, body] = [randomUUID(), bodyOf()];
  stand.gateway.away('start');
  expect(line(await create(key, body))).toBe('503 service_unavailable');
  const row = await stand.db.enrollment.findFirstOrThrow({ where: { userId: body.userId } });
  expect(row).toMatchObject({ state: 'awaiting-pin', startedAt: null });
  stand.gateway.reset();
  const again = await create(key, body);
  expect([again.status, idOf(again)]).toEqual([200, row.id]);
  expect((await rowOf(again)).startedAt).toEqual(expect.any(Date));
});

test('a row without a started workflow is started by whatever call meets it next', async () => {
  const staged = await bringTo(stand, 'awaiting-pin');
  await stand.db.enrollment.update({ where: { id: staged.id }, data: { startedAt: null } });
  stand.gateway.away('start');
  expect(line(await call(stand, 'GET', `/v1/enrollments/${staged.id}`, { token: staged.token }))).toBe('200');
  stand.gateway.reset();
  await call(stand, 'GET', `/v1/enrollments/${staged.id}`, { token: staged.token });
  expect(stand.gateway.countOf('start', staged.id)).toBe(1);
  expect((await stand.db.enrollment.findUniqueOrThrow({ where: { id: staged.id } })).startedAt).toEqual(expect.any(Date));
});

test('skip-if-present with a PIN waives it; verify does not; skip-if-present without one does not', async () => {
  const userId = `u-${randomUUID()}`;
  const without = await create(randomUUID(), bodyOf({ userId, pin: 'skip-if-present' }));
  expect(without.body).toMatchObject({ state: 'awaiting-pin', next: 'pin.setup', pinStatus: 'absent' });
  await givePin(stand, userId);
  const waived = await create(randomUUID(), bodyOf({ userId, pin: 'skip-if-present' }));
  expect(waived.body).toMatchObject({ state: 'awaiting-csr', next: 'csr', pinStatus: 'present' });
  expect(await rowOf(waived)).toMatchObject({ pinWaived: true, pinSatisfiedAt: null });
  const verified = await create(randomUUID(), bodyOf({ userId, pin: 'verify' }));
  expect(verified.body).toMatchObject({ state: 'awaiting-pin', next: 'pin.verify', pinStatus: 'present' });
  expect((await rowOf(verified)).pinWaived).toBe(false);
});

test('a locked user waits until the PIN is reset, which ends the enrollment; the next one chooses a PIN; skip-if-present waives nothing', async () => {
  const userId = `u-${randomUUID()}`;
  await givePin(stand, userId);
  await stand.db.userPin.update({ where: { userId }, data: { failed: 10 } });
  const token = await stand.issuer.token();
  expect((await call(stand, 'GET', `/v1/users/${userId}/pin`, { token })).body).toEqual({ status: 'locked' });
  const answer = await create(randomUUID(), bodyOf({ userId, pin: 'skip-if-present' }));
  expect(answer.body).toMatchObject({ state: 'awaiting-pin', next: 'wait', pinStatus: 'locked' });
  expect((await call(stand, 'DELETE', `/v1/users/${userId}/pin`, { token })).status).toBe(204);
  const view = await call(stand, 'GET', `/v1/enrollments/${idOf(answer)}`, { token: text(answer, 'enrollmentToken') });
  expect(view.body).toMatchObject({ state: 'cancelled', code: 'pin_reset', next: 'none' });
  const after = await create(randomUUID(), bodyOf({ userId, pin: 'skip-if-present' }));
  expect(after.body).toMatchObject({ state: 'awaiting-pin', next: 'pin.setup', pinStatus: 'absent' });
});

test('the view shows what the run says of itself to the Token Service, to the SDK only when asked, and goes without it', async () => {
  const { id, token } = await bringTo(stand, 'awaiting-pin');
  stand.gateway.processView = { stage: 'awaiting-pin', waitingFor: 'device', since: new Date().toISOString(), refusalsLeft: 5 };
  const path = `/v1/enrollments/${id}`;
  const shown = { process: { waitingFor: 'device', refusalsLeft: 5 } };
  expect((await call(stand, 'GET', path, { token: await stand.issuer.token() })).body).toMatchObject(shown);
  expect((await call(stand, 'GET', `${path}?process=true`, { token })).body).toMatchObject(shown);
  expect((await call(stand, 'GET', path, { token })).body).not.toHaveProperty('process');
  stand.gateway.processView = undefined;
  expect((await call(stand, 'GET', `${path}?process=true`, { token })).body).not.toHaveProperty('process');
});
