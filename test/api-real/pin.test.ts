import { beforeEach, describe, expect, test } from 'vitest';
import { PinGuard } from '../../api/pin-guard.ts';
import { keyRing } from '../../core/key-ring.ts';
import { call, line, member, text } from './stand/call.ts';
import { pinBody, wrongPinBody } from './stand/device.ts';
import { pinEntry } from './stand/pin-entry.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());
const { enter, put, right, rowOf, pinOf, attemptsOf, waitOut, setFailed } = pinEntry(stand);

describe('setup', () => {
  test('stores the PIN under pepper and own salt, moves the row and wakes the run', async () => {
    const entering = await enter({ pinSet: false });
    const body = await right(entering, { mode: 'setup' });
    const answer = await put(entering, body);
    expect(line(answer)).toBe('200');
    expect(answer.body).toMatchObject({ state: 'awaiting-csr', next: 'csr', challenge: { value: expect.any(String) } });
    expect(await rowOf(entering)).toMatchObject({ state: 'awaiting-csr', pinSatisfiedAt: expect.any(Date), pinWaived: false });
    const pin = await pinOf(entering);
    expect(pin).toMatchObject({ saltKid: 's1', pepperKid: 'p1', failed: 0 });
    expect(pin.phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(pin.phc).not.toContain(body.pinHash.value);
    expect(await stand.db.device.count({ where: { userId: entering.userId } })).toBe(1);
    expect(stand.gateway.asked.filter(({ call: name, id }) => name === 'wake' && id === entering.id)).toEqual([
      expect.objectContaining({ detail: 'pinSatisfied' }),
    ]);
  });

  test('of one of the commonest PINs is refused and charged, the next choice is taken', async () => {
    const entering = await enter({ pinSet: false });
    const weak = await pinBody(stand.config, entering.userId, '123456', { mode: 'setup' });
    const refused = await put(entering, weak);
    expect(line(refused)).toBe('422 pin_too_weak');
    expect(refused.body).toMatchObject({ attemptsLeft: 4, state: 'awaiting-pin', next: 'pin.setup' });
    expect(await stand.db.userPin.count({ where: { userId: entering.userId } })).toBe(0);
    expect(line(await put(entering, await right(entering, { mode: 'setup' })))).toBe('200');
  });

  test('of five weak PINs ends the enrollment', async () => {
    const entering = await enter({ pinSet: false });
    const answers: string[] = [];
    for (let n = 0; n < 5; n += 1)
      answers.push(line(await put(entering, await pinBody(stand.config, entering.userId, '123456', { mode: 'setup' }))));
    expect(answers).toEqual(answers.map(() => '422 pin_too_weak'));
    expect(await rowOf(entering)).toMatchObject({ state: 'failed', code: 'pin_attempts_exceeded' });
  });

  test('when the user has a PIN: 409, uncharged, next is pin.verify', async () => {
    const entering = await enter();
    const answer = await put(entering, await right(entering, { mode: 'setup' }));
    expect(line(answer)).toBe('409 pin_already_set');
    expect(answer.body).toMatchObject({ state: 'awaiting-pin', next: 'pin.verify' });
    expect((await rowOf(entering)).pinAttempts).toBe(0);
  });

  test('on two devices at once: one PIN is stored, the other device verifies', async () => {
    const one = await enter({ pinSet: false });
    const two = await enter({ userId: one.userId, pinSet: false });
    const answers = await Promise.all([one, two].map(async (entering) => put(entering, await right(entering, { mode: 'setup' }))));
    expect(answers.map(line).sort()).toEqual(['200', '409 pin_already_set']);
    const loser = (await rowOf(one)).state === 'awaiting-csr' ? two : one;
    expect(line(await put(loser, await right(loser)))).toBe('200');
  });

  test('under a salt key that is not the current one: 409, uncharged', async () => {
    const entering = await enter({ pinSet: false });
    expect(line(await put(entering, wrongPinBody('setup', 's0')))).toBe('409 pin_params_changed');
    expect(await attemptsOf(entering)).toEqual([]);
  });
});

describe('verify', () => {
  test('of the right PIN satisfies and forgets the failures that it was charged with', async () => {
    const entering = await enter();
    await put(entering, wrongPinBody());
    expect(line(await put(entering, await right(entering)))).toBe('200');
    expect((await pinOf(entering)).failed).toBe(0);
    expect((await rowOf(entering)).state).toBe('awaiting-csr');
  });

  test('without a PIN: 409 pin_not_set, uncharged, next is pin.setup', async () => {
    const entering = await enter({ pinSet: false });
    const answer = await put(entering, wrongPinBody());
    expect(line(answer)).toBe('409 pin_not_set');
    expect(answer.body).toMatchObject({ next: 'pin.setup' });
    expect((await rowOf(entering)).pinAttempts).toBe(0);
  });

  test('with another salt key than the frozen one: 409 pin_params_changed, uncharged', async () => {
    const entering = await enter();
    expect(line(await put(entering, wrongPinBody('verify', 's0')))).toBe('409 pin_params_changed');
    expect([(await rowOf(entering)).pinAttempts, (await pinOf(entering)).failed]).toEqual([0, 0]);
  });

  test('keeps to the salt key that the PIN was made with, when a newer one is current', async () => {
    const entering = await enter();
    const pinSaltKeys = keyRing([{ kid: 's2', key: new Uint8Array(32).fill(8) }, stand.config.pinSaltKeys.current]);
    const rotated = await startSecondApi(stand, { config: { ...stand.config, pinSaltKeys } });
    const view = await call(rotated, 'GET', `/v1/enrollments/${entering.id}`, { token: entering.token });
    expect(view.body).toMatchObject({ pinParams: { kid: 's1', m: 19_456, t: 2 } });
    expect(line(await put(entering, await right(entering), rotated))).toBe('200');
  });

  test('moves the pepper at the next success', async () => {
    const entering = await enter();
    const before = (await pinOf(entering)).phc;
    const pinPepperKeys = keyRing([{ kid: 'p2', key: new Uint8Array(32).fill(8) }, stand.config.pinPepperKeys.current]);
    const rotated = await startSecondApi(stand, { config: { ...stand.config, pinPepperKeys } });
    expect(line(await put(entering, await right(entering), rotated))).toBe('200');
    const after = await pinOf(entering);
    expect(after.pepperKid).toBe('p2');
    expect(after.phc).not.toBe(before);
    const next = await enter({ userId: entering.userId });
    expect(line(await put(next, await right(next), rotated))).toBe('200');
  });

  test('needs the pepper of the stored PIN: without it 503, uncharged, counted by key id for the operator; with it the same attempt is judged', async () => {
    const entering = await enter();
    const pinGuard = new PinGuard();
    const pinPepperKeys = keyRing([{ kid: 'p9', key: new Uint8Array(32).fill(9) }]);
    const retired = await startSecondApi(stand, { pinGuard, config: { ...stand.config, pinPepperKeys } });
    const body = await right(entering);
    const refused = await put(entering, body, retired);
    expect([line(refused), refused.headers.get('retry-after')]).toEqual(['503 service_unavailable', '5']);
    expect([(await rowOf(entering)).pinAttempts, (await pinOf(entering)).failed, await attemptsOf(entering)]).toEqual([0, 0, []]);
    expect((await pinGuard.keyMissing.get()).values).toMatchObject([{ value: 1, labels: { kid: 'p1' } }]);
    expect((await pinGuard.evaluations.get()).values).toEqual([]);
    expect(line(await put(entering, body))).toBe('200');
  });

  test('of a wrong PIN: 403 with attemptsLeft and retryAt, counted for enrollment and user', async () => {
    const entering = await enter();
    const lefts: unknown[] = [];
    for (let n = 0; n < 4; n += 1) {
      const answer = await put(entering, wrongPinBody());
      expect(line(answer)).toBe('403 pin_incorrect');
      expect(answer.body).toMatchObject({ retryAt: (await pinOf(entering)).nextAttemptAt.toISOString() });
      lefts.push(member(answer, 'attemptsLeft'));
    }
    expect(lefts).toEqual([4, 3, 2, 1]);
    expect([(await rowOf(entering)).pinAttempts, (await pinOf(entering)).failed]).toEqual([4, 4]);
  });

  test('after the fourth wrong one waits 30 s: 429 with retryAt, not charged; afterwards it is judged', async () => {
    const entering = await enter();
    for (let n = 0; n < 4; n += 1) await put(entering, wrongPinBody());
    const body = await right(entering);
    const early = await put(entering, body);
    expect(line(early)).toBe('429 pin_retry_later');
    expect(text(early, 'retryAt')).toBe((await pinOf(entering)).nextAttemptAt.toISOString());
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(25);
    expect(Number(early.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    expect([(await rowOf(entering)).pinAttempts, (await pinOf(entering)).failed]).toEqual([4, 4]);
    await waitOut(entering);
    // The same attemptId is kept until it has an outcome.
    expect(line(await put(entering, body))).toBe('200');
  });

  test.each([
    [3, 30],
    [4, 60],
    [5, 300],
    [6, 900],
    [7, 1_800],
    [8, 3_600],
  ])('after %d failures a wrong PIN delays the next by %d s', async (failed, seconds) => {
    const entering = await enter();
    await setFailed(entering, failed);
    const answer = await put(entering, wrongPinBody());
    const delay = (Date.parse(text(answer, 'retryAt')) - Date.parse(answer.headers.get('date') ?? '')) / 1_000;
    expect(delay).toBeGreaterThan(seconds - 3);
    expect(delay).toBeLessThan(seconds + 3);
  });

  test('attemptsLeft is bounded by the failures of the user too', async () => {
    const entering = await enter();
    await setFailed(entering, 7);
    expect((await put(entering, wrongPinBody())).body).toMatchObject({ code: 'pin_incorrect', attemptsLeft: 2 });
  });

  test('the fifth wrong PIN of an enrollment: 403 with 0, failed; the user is not locked', async () => {
    const entering = await enter();
    for (let n = 0; n < 4; n += 1) await put(entering, wrongPinBody());
    await waitOut(entering);
    const fifth = wrongPinBody();
    const answer = await put(entering, fifth);
    expect(line(answer)).toBe('403 pin_incorrect');
    expect(answer.body).toMatchObject({ attemptsLeft: 0, state: 'failed', next: 'none' });
    expect(await rowOf(entering)).toMatchObject({ state: 'failed', code: 'pin_attempts_exceeded' });
    expect((await pinOf(entering)).failed).toBe(5);
    expect(line(await put(entering, fifth))).toBe('403 pin_incorrect');
    expect(line(await put(entering, wrongPinBody()))).toBe('409 wrong_state');
    expect(stand.gateway.asked.filter(({ call: name, detail }) => name === 'wake' && detail === 'pinLocked').map(({ id }) => id)).toContain(
      entering.id,
    );
    const other = await enter({ userId: entering.userId });
    await waitOut(entering);
    expect(line(await put(other, await right(other)))).toBe('200');
  });

  test('the tenth wrong PIN of a user: 423 and locked; another enrollment of the user meets 423 when it tries', async () => {
    const entering = await enter();
    const other = await enter({ userId: entering.userId });
    await setFailed(entering, 9);
    const tenth = wrongPinBody();
    const answer = await put(entering, tenth);
    expect(line(answer)).toBe('423 pin_locked');
    expect(answer.body).toMatchObject({ state: 'locked', next: 'none' });
    expect(await rowOf(entering)).toMatchObject({ state: 'locked', code: 'pin_locked' });
    expect(line(await put(entering, tenth))).toBe('423 pin_locked');
    expect((await rowOf(other)).state).toBe('awaiting-pin');
    expect(line(await put(other, await right(other)))).toBe('423 pin_locked');
    expect(await rowOf(other)).toMatchObject({ state: 'locked', pinAttempts: 0 });
  });

  test('the tenth wrong PIN that is also the fifth of its enrollment locks: locked wins over failed', async () => {
    const entering = await enter();
    for (let n = 0; n < 4; n += 1) await put(entering, wrongPinBody());
    await setFailed(entering, 9);
    expect(line(await put(entering, wrongPinBody()))).toBe('423 pin_locked');
    expect((await rowOf(entering)).state).toBe('locked');
  });

  test('the right PIN as the tenth try passes', async () => {
    const entering = await enter();
    await setFailed(entering, 9);
    expect(line(await put(entering, await right(entering)))).toBe('200');
    expect((await pinOf(entering)).failed).toBe(0);
  });

  test('a reset removes the PIN, is audited, unlocks, and the next enrollment asks for a new one', async () => {
    const entering = await enter();
    await setFailed(entering, 10);
    const token = await stand.issuer.token();
    const reset = () => call(stand, 'DELETE', `/v1/users/${entering.userId}/pin`, { token });
    expect([(await reset()).status, (await reset()).status]).toEqual([204, 204]);
    expect(
      await stand.db.audit.findMany({ where: { userId: entering.userId, action: 'pin.reset' }, orderBy: { id: 'asc' } }),
    ).toMatchObject([{ actor: 'token-service:ts-a', outcome: 'removed' }, { outcome: 'absent' }]);
    expect((await call(stand, 'GET', `/v1/users/${entering.userId}/pin`, { token })).body).toEqual({ status: 'absent' });
    const next = await enter({ userId: entering.userId, pinSet: false });
    expect(line(await put(next, await right(next)))).toBe('409 pin_not_set');
    expect(line(await put(next, await right(next, { mode: 'setup' })))).toBe('200');
    expect((await call(stand, 'GET', `/v1/users/${entering.userId}/pin`, { token })).body).toEqual({ status: 'present' });
  });
});
