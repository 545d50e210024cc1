import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attack } from '../../bench/pin-guard/attack.ts';
import type { PinAnswer, PinBody } from '../../bench/pin-guard/pin-caller.ts';
import { entry, openEnrollments, type PinWorld, randomPinHash, startPinWorld, userWithPin } from '../../bench/pin-guard/pin-world.ts';
import { judgeHistory } from '../rig/linearizable.ts';
import { type PinCall, pinCounterModel } from '../rig/pin-counter-model.ts';
import { RecordedHistory } from '../rig/recorded-history.ts';
import { type RunningStack, runningStack } from './running-stack.ts';

/** So that the queue before Argon2 does not protect the counter: every guess reaches the charge. */
const OPEN_QUEUE = {
  CS_ARGON_SLOTS: '16',
  CS_ARGON_QUEUE: '10000',
  CS_ARGON_SHARE: '10000',
  CS_RATE_LIMITS: 'false',
  CS_PIN_WEAK_CHECKED: '1',
};
const CROWD = { guesses: 600, enrollments: 40 };
const MINUTES = 60_000;

let stack: RunningStack;
beforeAll(async () => {
  stack = await runningStack();
}, 5 * MINUTES);

const line = ({ status, code, attemptsLeft }: PinAnswer) => [status, code, ...(attemptsLeft === undefined ? [] : [attemptsLeft])].join(' ');

function twoProcesses(settings: Record<string, string>): { world: () => PinWorld } {
  let world: PinWorld;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cs-pin-'));
    world = await startPinWorld(stack.dev, { folder, count: 2, connections: 60, settings: { ...OPEN_QUEUE, ...settings } });
  }, 3 * MINUTES);
  afterAll(() => world?.stop());
  return { world: () => world };
}

const failedOf = async (userId: string) =>
  (await stack.query<{ failed: number }>('SELECT failed FROM user_pin WHERE user_id = $1', userId))[0]?.failed;
const evaluations = async ({ processes }: PinWorld) =>
  (await Promise.all(processes.map((one) => one.evaluations()))).reduce((sum, count) => sum + count, 0);

describe('two API processes, delays off', () => {
  const { world } = twoProcesses({ CS_PIN_DELAYS: 'false' });

  test(
    'a crowd of wrong guesses at once over many enrollments: exactly ten are evaluated',
    async () => {
      const { evaluated, charged, failed, answers } = await attack(world(), { ...CROWD, right: false });
      expect({ evaluated, charged, failed }).toEqual({ evaluated: 10, charged: 10, failed: 10 });
      expect(Object.keys(answers).filter((answer) => answer.startsWith('200'))).toEqual([]);
    },
    5 * MINUTES,
  );

  test(
    'a right guess in the crowd passes only by the rule, and never unlocks',
    async () => {
      const { evaluated, charged, failed, rightAnswer } = await attack(world(), { ...CROWD, right: true });
      expect(evaluated).toBe(charged);
      if (rightAnswer?.status === 200) expect(evaluated).toBeLessThanOrEqual(20);
      else expect({ evaluated, failed }).toEqual({ evaluated: 10, failed: 10 });
    },
    5 * MINUTES,
  );

  test(
    'two devices that set the first PIN at once, each at its own process: one wins, the other gets 409 and then verifies',
    async () => {
      for (let round = 0; round < 4; round += 1) {
        const userId = `u-${randomUUID()}`;
        const devices = await openEnrollments(world(), userId, 2);
        const pins = devices.map(() => randomPinHash());
        const answers = await Promise.all(devices.map((device, n) => world().caller(n).put(device, entry('setup', pins[n]))));
        expect(answers.map(line).sort()).toEqual(['200 satisfied', '409 pin_already_set 4']);
        const winner = answers.findIndex(({ status }) => status === 200);
        const loser = devices[1 - winner];
        if (loser === undefined) throw new Error('two devices');
        expect(
          line(
            await world()
              .caller(winner)
              .put(loser, entry('verify', pins[1 - winner])),
          ),
        ).toBe('403 pin_incorrect 3');
        expect(line(await world().caller(winner).put(loser, entry('verify', pins[winner])))).toBe('200 satisfied');
      }
    },
    3 * MINUTES,
  );

  test(
    'a hundred copies of one attempt at once: one evaluation, one charge, the same answer for all',
    async () => {
      const { userId } = await userWithPin(world());
      const [device] = await openEnrollments(world(), userId, 1);
      if (device === undefined) throw new Error('one device');
      const before = await evaluations(world());
      const body = entry('verify');
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => world().caller(n).put(device, body)));
      expect(new Set(answers.map(line))).toEqual(new Set(['403 pin_incorrect 4']));
      expect([(await evaluations(world())) - before, await failedOf(userId)]).toEqual([1, 1]);
    },
    3 * MINUTES,
  );

  test(
    'recorded histories of the PIN counter are linearizable, and a spoilt one is not',
    async () => {
      await judgeRuns(world(), 10, false);
    },
    5 * MINUTES,
  );

  test(
    'a process killed between charge and outcome: the repetition elsewhere waits, then 409 attempt_lost, charged once; a new entry is judged',
    async () => {
      // An Argon2 run of seconds, so that the kill comes in time.
      const slow = await startPinWorld(stack.dev, {
        folder: mkdtempSync(join(tmpdir(), 'cs-pin-')),
        count: 1,
        connections: 4,
        settings: { CS_PIN_MEMORY_KIB: '196608', CS_PIN_PASSES: '16', CS_PIN_WEAK_CHECKED: '0' },
      });
      const { userId, right } = await userWithPin(slow);
      const [device] = await openEnrollments(world(), userId, 1);
      if (device === undefined) throw new Error('one device');
      const body = entry('verify', right);
      const cut = slow
        .caller(0)
        .put(device, body)
        .catch((error: unknown) => error);
      await expect.poll(() => pendingOf(device.enrollmentId), { timeout: 60_000, interval: 20 }).toBe(1);
      await slow.processes[0]?.kill();
      expect(await cut).toBeInstanceOf(Error);
      expect(await pendingOf(device.enrollmentId)).toBe(1);
      const begun = performance.now();
      expect(line(await world().caller(0).put(device, body))).toBe('409 attempt_lost');
      expect(performance.now() - begun).toBeGreaterThan(9_000);
      expect(await failedOf(userId)).toBe(1);
      expect(line(await world().caller(1).put(device, entry('verify', right)))).toBe('200 satisfied');
      await slow.stop();
    },
    5 * MINUTES,
  );
});

describe('two API processes, delays on', () => {
  const { world } = twoProcesses({});

  test(
    'a crowd of wrong guesses at once: the fourth begins the waiting, never more than ten are evaluated',
    async () => {
      const { evaluated, charged, failed, answers } = await attack(world(), { ...CROWD, right: false });
      expect(evaluated).toBeGreaterThanOrEqual(4);
      expect(evaluated).toBeLessThanOrEqual(10);
      expect([charged, failed]).toEqual([evaluated, evaluated]);
      expect(answers['429 pin_retry_later']).toBeGreaterThan(0);
    },
    5 * MINUTES,
  );

  test(
    'recorded histories of the PIN counter are linearizable, and a spoilt one is not',
    async () => {
      await judgeRuns(world(), 6, true);
    },
    5 * MINUTES,
  );
});

async function pendingOf(enrollmentId: string): Promise<number> {
  const rows = await stack.query(`SELECT 1 FROM pin_attempt WHERE enrollment_id = $1 AND outcome = 'pending'`, enrollmentId);
  return rows.length;
}

/** Many short histories: three devices of a user, four clients, two processes, from a counter that is somewhere between nothing and the lock. */
async function judgeRuns(world: PinWorld, runs: number, delays: boolean): Promise<void> {
  const failures = [0, 2, 6, 8, 9];
  let spoilt = 0;
  for (let run = 0; run < runs; run += 1) {
    // With delays, a fourth failure begins a wait that outlasts the history; so does every later one.
    const failed = failures[run % failures.length] ?? 0;
    const { history, enrollments } = await recordRun(world, failed);
    const model = pinCounterModel({ failed, enrollments, delays });
    expect(judgeHistory(history.operations, model)).toEqual({ linearizable: true });
    const wrong = history.operations.map((one) =>
      one.answer?.output.startsWith('403 pin_incorrect') === true
        ? { ...one, answer: { ...one.answer, output: '403 pin_incorrect 7' } }
        : one,
    );
    if (wrong.some((one, n) => one !== history.operations[n])) {
      spoilt += 1;
      expect(judgeHistory(wrong, model).linearizable).toBe(false);
    }
  }
  expect(spoilt).toBeGreaterThan(0);
}

async function recordRun(world: PinWorld, failed: number) {
  const user = await userWithPin(world);
  const devices = await openEnrollments(world, user.userId, 3);
  const enrollments = devices.map(({ enrollmentId }) => enrollmentId);
  await stack.query('UPDATE user_pin SET failed = $2 WHERE user_id = $1', user.userId, failed);
  const history = new RecordedHistory<PinCall, string>();
  const copied = entry('verify');
  let made = devices.length;
  /** A new device of the user, in the race like the others. */
  const create = (name: number) =>
    history.record(`${name}`, { call: 'create', enrollment: '', attemptId: '', right: false }, async () => {
      made += 1;
      // A name that nobody else takes: a second create for one device would end the first.
      const deviceId = `d-${made}`;
      const device = await world.caller(name).enroll(await world.accessToken(), user.userId, deviceId);
      devices.push(device);
      return `201 ${device.enrollmentId}`;
    });
  const client = async (name: number): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) {
      const chance = Math.random();
      const device = devices[Math.floor(Math.random() * devices.length)];
      if (device === undefined) throw new Error('three devices');
      const put = (body: PinBody, right: boolean) => {
        const input: PinCall = {
          call: body.mode,
          enrollment: device.enrollmentId,
          attemptId: `${device.enrollmentId} ${body.attemptId}`,
          right,
        };
        return history.record(`${name}`, input, async () => line(await world.caller(name).put(device, body)));
      };
      if (chance < 0.08) await reset(world, history, name, user.userId);
      else if (chance < 0.16) await create(name);
      else if (chance < 0.3) await put(copied, false);
      else if (chance < 0.45) await put(entry('verify', user.right), true);
      else if (chance < 0.52) await put(entry('setup'), false);
      else await put(entry('verify'), false);
    }
  };
  await Promise.all([0, 1, 2, 3].map(client));
  return { history, enrollments };
}

function reset(world: PinWorld, history: RecordedHistory<PinCall, string>, name: number, userId: string) {
  return history.record(`${name}`, { call: 'reset', enrollment: '', attemptId: '', right: false }, async () => {
    await world.caller(name).resetPin(await world.accessToken(), userId);
    return '204';
  });
}
