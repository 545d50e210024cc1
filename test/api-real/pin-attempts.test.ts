import { beforeEach, describe, expect, test } from 'vitest';
import { PinGuard } from '../../api/pin-guard.ts';
import { ArgonSlots } from '../../core/pin/argon-slots.ts';
import { call, line, member, text } from './stand/call.ts';
import { wrongPinBody } from './stand/device.ts';
import { pinEntry } from './stand/pin-entry.ts';
import { bringTo } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());
const { enter, put, right, rowOf, pinOf, attemptsOf, setFailed } = pinEntry(stand);

describe('an attemptId', () => {
  test('is evaluated once: a repetition with the right PIN still gets the stored refusal, and nothing is counted again', async () => {
    const entering = await enter();
    const body = wrongPinBody();
    const first = await put(entering, body);
    const again = await put(entering, { ...(await right(entering)), attemptId: body.attemptId });
    expect([line(again), text(again, 'retryAt'), member(again, 'attemptsLeft')]).toEqual(['403 pin_incorrect', text(first, 'retryAt'), 4]);
    expect([(await rowOf(entering)).pinAttempts, (await pinOf(entering)).failed]).toEqual([1, 1]);
  });

  test('sent ten times at once is charged once, and all get its outcome', async () => {
    const entering = await enter();
    const body = wrongPinBody();
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(entering, body)));
    expect(answers.map(line)).toEqual(answers.map(() => '403 pin_incorrect'));
    expect([(await rowOf(entering)).pinAttempts, (await pinOf(entering)).failed]).toEqual([1, 1]);
  });

  test('of another enrollment is another attempt', async () => {
    const one = await enter();
    const two = await enter({ userId: one.userId });
    const body = wrongPinBody();
    await put(one, body);
    await put(two, body);
    expect((await pinOf(one)).failed).toBe(2);
  });

  test('whose evaluation was lost with its process: waits, then 409 attempt_lost, charged; a new one is judged', async () => {
    const entering = await enter();
    const body = await right(entering);
    await stand.db.pinAttempt.create({ data: { enrollmentId: entering.id, attemptId: body.attemptId, mode: 'verify' } });
    await stand.db.enrollment.update({ where: { id: entering.id }, data: { pinAttempts: 1 } });
    await setFailed(entering, 1);
    const begun = Date.now();
    const answer = await put(entering, body);
    expect(line(answer)).toBe('409 attempt_lost');
    expect(answer.body).toMatchObject({ state: 'awaiting-pin', next: 'pin.verify' });
    expect(Date.now() - begun).toBeGreaterThan(9_000);
    expect([(await rowOf(entering)).pinAttempts, (await pinOf(entering)).failed]).toEqual([1, 1]);
    expect(line(await put(entering, await right(entering)))).toBe('200');
  });

  test('that is pending in an enrollment that has ended is answered by the state, without waiting', async () => {
    const ended = await bringTo(stand, 'locked');
    const body = wrongPinBody();
    await stand.db.pinAttempt.create({ data: { enrollmentId: ended.id, attemptId: body.attemptId, mode: 'verify' } });
    const begun = Date.now();
    expect(line(await put(ended, body))).toBe('409 wrong_state');
    expect(Date.now() - begun).toBeLessThan(8_000);
  });

  test('that has its outcome is answered even when all Argon2 slots are taken', async () => {
    const entering = await enter();
    const body = wrongPinBody();
    await put(entering, body);
    const argon = new ArgonSlots({ slots: 1, queue: 0, share: 1 });
    const busy = await startSecondApi(stand, { argon });
    let free: () => void = () => undefined;
    const held = argon.run('somebody', () => new Promise<void>((done) => (free = done)));
    expect(line(await put(entering, body, busy))).toBe('403 pin_incorrect');
    expect(line(await put(entering, wrongPinBody(), busy))).toBe('503 service_unavailable');
    free();
    await held;
  });

  test('that is pending gets its outcome as soon as it is there', async () => {
    const entering = await enter();
    const body = wrongPinBody();
    await stand.db.pinAttempt.create({ data: { enrollmentId: entering.id, attemptId: body.attemptId, mode: 'verify' } });
    const waiting = put(entering, body);
    setTimeout(
      () =>
        void stand.db.pinAttempt
          .updateMany({ where: { attemptId: body.attemptId }, data: { outcome: 'pin_incorrect', attemptsLeft: 3 } })
          .then(),
      600,
    );
    expect((await waiting).body).toMatchObject({ code: 'pin_incorrect', attemptsLeft: 3 });
  });

  test('five lost ones end the enrollment when the sixth comes', async () => {
    const entering = await enter();
    await stand.db.enrollment.update({ where: { id: entering.id }, data: { pinAttempts: 5 } });
    const answer = await put(entering, await right(entering));
    expect(line(answer)).toBe('409 wrong_state');
    expect(answer.body).toMatchObject({ state: 'failed', endCode: 'pin_attempts_exceeded' });
  });
});

describe('once satisfied', () => {
  test('every well-formed PUT is 200, looks at nothing, charges nothing, and wakes the run at most once in a while', async () => {
    const staged = await bringTo(stand, 'awaiting-csr');
    const before = [await pinOf(staged), await rowOf(staged)];
    for (const body of [wrongPinBody(), wrongPinBody('setup'), wrongPinBody('verify', 's0'), wrongPinBody('verify', 'unknown')])
      expect(line(await put(staged, body))).toBe('200');
    expect([await pinOf(staged), await rowOf(staged)]).toEqual(before);
    expect(stand.gateway.countOf('wake', staged.id)).toBe(1);
    const later = await bringTo(stand, 'issuing');
    expect(line(await put(later, wrongPinBody()))).toBe('200');
    expect(stand.gateway.countOf('wake', later.id)).toBe(0);
  });

  test('the signal is repeated after a while, as long as the CSR is due', async () => {
    const staged = await bringTo(stand, 'awaiting-csr');
    const impatient = await startSecondApi(stand, { pinGuard: new PinGuard(100) });
    await put(staged, wrongPinBody(), impatient);
    await expect
      .poll(async () => {
        await put(staged, wrongPinBody(), impatient);
        return stand.gateway.countOf('wake', staged.id);
      })
      .toBe(2);
  });

  test('an attempt that was lost with its process before another one satisfied is 200, without waiting', async () => {
    const staged = await bringTo(stand, 'awaiting-csr');
    const body = wrongPinBody();
    await stand.db.pinAttempt.create({ data: { enrollmentId: staged.id, attemptId: body.attemptId, mode: 'verify' } });
    expect(line(await put(staged, body))).toBe('200');
  });

  test('a malformed PUT is still refused', async () => {
    const staged = await bringTo(stand, 'awaiting-csr');
    expect(line(await put(staged, { ...wrongPinBody(), attemptId: 'NOT-A-UUID' }))).toBe('422 invalid_body');
  });

  test('a signal that was not taken: 503, the PIN counts all the same, and the repetition heals', async () => {
    const entering = await enter();
    stand.gateway.away('wake');
    const body = await right(entering);
    expect(line(await put(entering, body))).toBe('503 service_unavailable');
    expect((await rowOf(entering)).state).toBe('awaiting-csr');
    stand.gateway.reset();
    expect(line(await put(entering, body))).toBe('200');
    expect(stand.gateway.countOf('wake', entering.id)).toBe(1);
    expect((await pinOf(entering)).failed).toBe(0);
  });
});

describe('guessing', () => {
  test('50 wrong guesses at once in one enrollment: five are evaluated, never more', async () => {
    const entering = await enter();
    const free = await startSecondApi(stand, { config: { ...stand.config, pinDelays: false } });
    const answers = await Promise.all(Array.from({ length: 50 }, () => put(entering, wrongPinBody(), free)));
    // A sixth that meets the fifth while it is pending ends the enrollment at once: the fifth then finds it ended.
    expect([4, 5]).toContain(answers.filter((answer) => line(answer) === '403 pin_incorrect').length);
    expect(answers.filter((answer) => answer.status === 200)).toEqual([]);
    expect(await attemptsOf(entering)).toHaveLength(5);
    expect((await pinOf(entering)).failed).toBe(5);
    expect(await rowOf(entering)).toMatchObject({ state: 'failed', code: 'pin_attempts_exceeded' });
  });

  test('50 wrong guesses at once over ten enrollments of a user: ten are evaluated, never more, and the PIN is locked', async () => {
    const first = await enter();
    const others = await Promise.all(Array.from({ length: 9 }, () => enter({ userId: first.userId })));
    const all = [first, ...others];
    const free = await startSecondApi(stand, { config: { ...stand.config, pinDelays: false } });
    await Promise.all(Array.from({ length: 50 }, (_, n) => put(all[n % 10] ?? first, wrongPinBody(), free)));
    expect(await stand.db.pinAttempt.count({ where: { enrollmentId: { in: all.map(({ id }) => id) } } })).toBeLessThanOrEqual(10);
    expect((await pinOf(first)).failed).toBe(10);
    expect((await call(stand, 'GET', `/v1/users/${first.userId}/pin`, { token: await stand.issuer.token() })).body).toEqual({
      status: 'locked',
    });
  });

  test('50 guesses at once with the delays on: four are evaluated, the rest is told to wait', async () => {
    const entering = await enter();
    const answers = (await Promise.all(Array.from({ length: 50 }, () => put(entering, wrongPinBody())))).map(line);
    expect(answers.filter((answer) => answer === '403 pin_incorrect')).toHaveLength(4);
    expect(answers.filter((answer) => answer === '429 pin_retry_later')).toHaveLength(46);
    expect((await pinOf(entering)).failed).toBe(4);
  });

  test('a flood for one user takes its share of the slots and no more: another user is judged meanwhile', async () => {
    const [flooded, other] = [await enter(), await enter()];
    const argon = new ArgonSlots({ slots: 1, queue: 64, share: 2 });
    const fair = await startSecondApi(stand, { argon, pinGuard: new PinGuard(), config: { ...stand.config, pinDelays: false } });
    const flood = Promise.all(Array.from({ length: 40 }, () => put(flooded, wrongPinBody(), fair)));
    expect(line(await put(other, await right(other), fair))).toBe('200');
    const lines = (await flood).map(line);
    expect(lines.filter((one) => one === '503 service_unavailable').length).toBeGreaterThan(0);
    // What was refused for the queue was not charged.
    expect((await pinOf(flooded)).failed).toBe((await attemptsOf(flooded)).length);
    expect((await pinOf(flooded)).failed).toBeLessThanOrEqual(5);
  });

  test('a full Argon2 queue is 503 and charges nothing', async () => {
    const entering = await enter();
    const argon = new ArgonSlots({ slots: 1, queue: 0, share: 1 });
    const busy = await startSecondApi(stand, { argon });
    let free: () => void = () => undefined;
    const held = argon.run('somebody', () => new Promise<void>((done) => (free = done)));
    const body = await right(entering);
    expect(line(await put(entering, body, busy))).toBe('503 service_unavailable');
    expect([(await rowOf(entering)).pinAttempts, (await pinOf(entering)).failed]).toEqual([0, 0]);
    free();
    await held;
    expect(line(await put(entering, body, busy))).toBe('200');
  });
});
