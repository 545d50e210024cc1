import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { toEnrollmentId } from '../../contract/ids.ts';
import { call, line, text } from './stand/call.ts';
import { csrBody, GOOD_PIN, pinBody, wrongPinBody } from './stand/device.ts';
import { startOperatorListener } from './stand/listeners.ts';
import { bringTo, deliver, freshChallenge, type Staged } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
const operator = await startOperatorListener(stand);
beforeEach(() => stand.gateway.reset());

const view = ({ id, token }: Pick<Staged, 'id' | 'token'>) => call(stand, 'GET', `/v1/enrollments/${id}`, { token });
const send = ({ id, token }: Pick<Staged, 'id' | 'token'>, method: string, path: string, body?: unknown) =>
  call(stand, method, `/v1/enrollments/${id}${path}`, { token, ...(body === undefined ? {} : { body }) });
const entry = (userId: string, pin: string, mode: 'setup' | 'verify') => pinBody(stand.config, userId, pin, { mode });

async function reset(userId: string): Promise<void> {
  const answer = await call(stand, 'DELETE', `/v1/users/${userId}/pin`, { token: await stand.issuer.token() });
  expect([answer.status, answer.text]).toEqual([204, '']);
}

/** As the Token Service registers a device. */
async function register(userId: string, pin: 'verify' | 'skip-if-present' = 'verify', clientId = 'ts-a') {
  const answer = await call(stand, 'POST', '/v1/enrollments', {
    token: await stand.issuer.token({ clientId }),
    headers: { 'idempotency-key': randomUUID() },
    body: { userId, deviceId: `d-${randomUUID()}`, tokenId: 't-1', pin, platform: 'android' },
  });
  expect(answer.status).toBe(201);
  return { id: toEnrollmentId(text(answer, 'enrollmentId')), token: text(answer, 'enrollmentToken'), answer };
}

const ENDED = { state: 'cancelled', code: 'pin_reset', next: 'none' };
const REFUSED = { state: 'cancelled', endCode: 'pin_reset', next: 'none' };

test('the thief whom the PIN stopped does not get it by the reset: his enrollment ends, the owner sets up the new PIN', async () => {
  const { userId } = await bringTo(stand, 'completed');
  // Nine wrong ones before; the tenth locks.
  await stand.db.userPin.update({ where: { userId }, data: { failed: 9, nextAttemptAt: new Date(0) } });
  expect(line(await send(await register(userId), 'PUT', '/pin', wrongPinBody()))).toBe('423 pin_locked');
  const kept = await register(userId);
  expect(kept.answer.body).toMatchObject({ pinStatus: 'locked', next: 'wait' });
  expect((await view(kept)).body).toMatchObject({ state: 'awaiting-pin', next: 'wait' });

  await reset(userId);
  expect((await view(kept)).body).toMatchObject(ENDED);
  const stolen = await send(kept, 'PUT', '/pin', await entry(userId, '271828', 'setup'));
  expect([line(stolen), stolen.body]).toEqual(['409 wrong_state', expect.objectContaining(REFUSED)]);
  expect(await stand.db.userPin.count({ where: { userId } })).toBe(0);

  const owner = await register(userId);
  expect(owner.answer.body).toMatchObject({ pinStatus: 'absent', next: 'pin.setup' });
  expect(line(await send(owner, 'PUT', '/pin', await entry(userId, GOOD_PIN, 'setup')))).toBe('200');
  expect((await view(owner)).body).toMatchObject({ state: 'awaiting-csr', next: 'csr' });
}, 90_000);

describe('what was waived or satisfied under the old PIN gets no certificate', { timeout: 90_000 }, () => {
  test('waived: its CSR is refused, the run is woken', async () => {
    const { userId } = await bringTo(stand, 'completed');
    const waived = await register(userId, 'skip-if-present', 'ts-b');
    expect(waived.answer.body).toMatchObject({ state: 'awaiting-csr', next: 'csr' });
    await reset(userId);
    expect((await view(waived)).body).toMatchObject(ENDED);
    expect(stand.gateway.asked.filter((one) => one.call === 'nudge').map((one) => one.id)).toEqual([waived.id]);
  });

  test('satisfied: CSR, credentials and acknowledgement are refused with the end code, in every later stage', async () => {
    const satisfied = await bringTo(stand, 'awaiting-csr');
    const csr = csrBody(satisfied.device, await freshChallenge(stand, satisfied.id));
    await reset(satisfied.userId);
    const sent = await send(satisfied, 'POST', '/csr', csr);
    expect([line(sent), sent.body]).toEqual(['409 wrong_state', expect.objectContaining(REFUSED)]);

    for (const state of ['issuing', 'awaiting-ack'] as const) {
      const staged = await bringTo(stand, state);
      const proof = state === 'issuing' ? 'a.b.c' : await deliver(stand, staged);
      await reset(staged.userId);
      const credentials = await send(staged, 'GET', '/credentials');
      expect([line(credentials), credentials.body]).toEqual(['410 credentials_gone', expect.objectContaining(REFUSED)]);
      expect(line(await send(staged, 'POST', '/ack', { proof }))).toBe('410 enrollment_ended');
      expect(await stand.db.certificate.count({ where: { enrollmentId: staged.id, status: { not: 'revoked' } } })).toBe(0);
    }
  });
});

describe('a reset by an operator', () => {
  const byOperator = async (userId: string) =>
    fetch(`${operator.base}/v1/operator/users/${userId}/pin`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${await operator.token({ subject: 'olga' })}` },
    });

  test('does the same in their name, and goes on while Temporal is away', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    stand.gateway.away();
    expect((await byOperator(staged.userId)).status).toBe(204);
    expect((await view(staged)).body).toMatchObject(ENDED);
    const rows = await stand.db.audit.findMany({ where: { actor: 'operator:olga', userId: staged.userId }, orderBy: { id: 'asc' } });
    expect(rows).toMatchObject([
      { action: 'pin.reset', outcome: 'removed', detail: { ended: 1, resets: 1 } },
      { action: 'enrollment.end', outcome: 'cancelled', enrollmentId: staged.id, detail: { code: 'pin_reset', from: 'awaiting-ack' } },
    ]);
  });

  test('finds what it ended by the code', async () => {
    const { id, userId } = await bringTo(stand, 'awaiting-pin');
    await byOperator(userId);
    const found = await fetch(`${operator.base}/v1/operator/enrollments?code=pin_reset&userId=${userId}`, {
      headers: { authorization: `Bearer ${await operator.token({ subject: 'olga' })}` },
    });
    expect(await found.json()).toMatchObject({ enrollments: [{ enrollmentId: id, state: 'cancelled', code: 'pin_reset' }] });
  });
});
