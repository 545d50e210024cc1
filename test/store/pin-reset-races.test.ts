import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import type { PinPolicy } from '../../contract/states.ts';
import type { FaultPoint } from '../../faults/fault-points.ts';
import { listenAtFaultPoints } from '../../faults/reach.ts';
import { beginPinAttempt } from '../../store/begin-pin-attempt.ts';
import type { Database } from '../../store/database.ts';
import type { PinEntry, PinJob } from '../../store/pin-attempt.ts';
import { resetPin } from '../../store/reset-pin.ts';
import { settlePinAttempt } from '../../store/settle-pin-attempt.ts';
import { sweepEnrollments } from '../../store/sweep.ts';
import { createRow, newDevice, PIN_LIMITS, pinEntry, rightPin, satisfyPin, TEST_LIMITS } from '../rig/enrollment-rows.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { type Held, inLockOrder } from '../rig/in-lock-order.ts';
import { rowIn, snapshot } from '../rig/row-stages.ts';
import { submit, takeCredentials } from '../rig/test-device.ts';

/*
 * A PIN reset against every other transaction of its user, in both orders, with real locks: a third connection holds what both need.
 * Each part has the rights of its process.
 */

let world: EnrollmentWorld;
let api: Database;
beforeAll(async () => {
  world = await enrollmentWorld();
  // Nobody resolves a deadlock here: whoever meets one runs into the time limit of its statement, and its test fails.
  await world.db.$executeRawUnsafe(`ALTER DATABASE "${new URL(world.url).pathname.slice(1)}" SET deadlock_timeout = '10min'`);
  api = world.asRole('cs_api');
});

const row = (id: EnrollmentId): Held => ({
  url: world.url,
  statement: 'SELECT 1 FROM enrollment WHERE id = $1 FOR UPDATE',
  values: [id],
});
const user = (userId: string): Held => ({ url: world.url, statement: 'SELECT lock_user($1, true)', values: [userId] });
const reset = (userId: string) => () => resetPin(api, { userId, actor: 'operator:test' });
const pins = (userId: string) => world.db.userPin.count({ where: { userId } });
const stateOf = (id: EnrollmentId) => world.db.enrollment.findUniqueOrThrow({ where: { id }, select: { state: true, code: true } });
const ENDED = { state: 'cancelled', code: 'pin_reset' };

async function userWithPin(): Promise<string> {
  const { device } = await rowIn(world, 'completed');
  return device.userId;
}

describe('create against reset', () => {
  const create = (userId: string, policy: PinPolicy) => () => createRow(api, newDevice(userId), TEST_LIMITS, policy);

  it.each(['skip-if-present', 'verify'] as const)('%s, the create first: the reset ends it', async (policy) => {
    const userId = await userWithPin();
    const [made, ended] = await inLockOrder(user(userId), create(userId, policy), reset(userId));
    expect(made.pinWaived).toBe(policy === 'skip-if-present');
    expect(ended).toEqual([made.id]);
    expect(await stateOf(made.id)).toEqual(ENDED);
  });

  it.each(['skip-if-present', 'verify'] as const)('%s, the reset first: nothing is waived, and it sets up the new PIN', async (policy) => {
    const userId = await userWithPin();
    const [ended, made] = await inLockOrder(user(userId), reset(userId), create(userId, policy));
    expect(ended).toEqual([]);
    expect(made).toMatchObject({ state: 'awaiting-pin', pinWaived: false });
    await satisfyPin(api, made.id);
    expect([await pins(userId), (await stateOf(made.id)).state]).toEqual([1, 'awaiting-csr']);
  });
});

interface Charged {
  id: EnrollmentId;
  userId: string;
  entry: PinEntry;
  job: PinJob;
}

/** An attempt that is charged and evaluated; what is missing is its outcome. */
async function charged(mode: PinEntry['mode']): Promise<Charged> {
  const userId = mode === 'verify' ? await userWithPin() : newDevice().userId;
  const { id } = await createRow(api, newDevice(userId));
  const entry = pinEntry(id, mode);
  const begun = await beginPinAttempt(api, entry, PIN_LIMITS);
  if (begun?.kind !== 'evaluate') throw new Error('not charged');
  return { id, userId, entry, job: begun.job };
}

const settle =
  ({ entry, job }: Charged) =>
  () =>
    settlePinAttempt(api, entry, job, rightPin(entry.mode), PIN_LIMITS);

describe.each(['setup', 'verify'] as const)('the outcome of a PIN attempt (%s) against reset', (mode) => {
  it('the outcome first: satisfied, then all is gone', async () => {
    const attempt = await charged(mode);
    const [outcome, ended] = await inLockOrder(row(attempt.id), settle(attempt), reset(attempt.userId));
    expect(outcome).toMatchObject({ result: 'satisfied' });
    expect(ended).toEqual([attempt.id]);
    expect([await pins(attempt.userId), await stateOf(attempt.id)]).toEqual([0, ENDED]);
  });

  it('the reset first: neither a PIN nor a satisfied enrollment', async () => {
    const attempt = await charged(mode);
    const [, outcome] = await inLockOrder(row(attempt.id), reset(attempt.userId), settle(attempt));
    expect(outcome).toEqual({ result: 'wrong_state', state: 'cancelled' });
    expect([await pins(attempt.userId), await stateOf(attempt.id)]).toEqual([0, ENDED]);
    expect(await world.db.enrollment.findUnique({ where: { id: attempt.id } })).toMatchObject({ pinSatisfiedAt: null });
  });
});

describe('the charge of a PIN attempt against reset', () => {
  it('the charge first, the reset first: charged before, not at all after', async () => {
    for (const first of ['charge', 'reset'] as const) {
      const userId = await userWithPin();
      const { id } = await createRow(api, newDevice(userId));
      const begin = () => beginPinAttempt(api, pinEntry(id), PIN_LIMITS);
      const begun =
        first === 'charge' ? (await inLockOrder(row(id), begin, reset(userId)))[0] : (await inLockOrder(row(id), reset(userId), begin))[1];
      expect(begun?.kind).toBe(first === 'charge' ? 'evaluate' : 'decided');
      expect(await stateOf(id)).toEqual(ENDED);
      expect(await world.db.pinAttempt.count({ where: { enrollmentId: id } })).toBe(first === 'charge' ? 1 : 0);
    }
  });
});

describe('CSR against reset', () => {
  const judge = async () => {
    const { id, device } = await rowIn(world, 'awaiting-csr');
    const { digest } = await submit(api, id);
    return { id, device, work: () => world.activities.judgeCsr({ enrollmentId: id, digest }) };
  };

  it('the CSR first: accepted, then ended, and never issued', async () => {
    const { id, device, work } = await judge();
    const [judged] = await inLockOrder(row(id), work, reset(device.userId));
    expect(judged).toMatchObject({ state: expect.stringMatching(/issuing|cancelled/) });
    // Twice, as Temporal may.
    for (let run = 0; run < 2; run += 1) expect(await world.activities.issueCredentials({ enrollmentId: id })).toEqual(ENDED);
    expect(await snapshot(world, id)).toMatchObject({ enrollment: ENDED, intents: [], certificates: [] });
  });

  it('the reset first: not accepted, and the key is nobody’s', async () => {
    const { id, device, work } = await judge();
    const [, judged] = await inLockOrder(row(id), reset(device.userId), work);
    expect([judged, await work()]).toEqual([ENDED, ENDED]);
    expect(await snapshot(world, id)).toMatchObject({ enrollment: ENDED, claims: [], submissions: [{ outcome: null }] });
  });
});

/** While the issuance process stands at these points it holds no lock, or (`-ing`) the row of the enrollment. */
const ISSUING = ['sdk-key-made', 'intents-committed', 'signing-marked', 'signed', 'certificates-storing', 'certificates-stored'] as const;

describe('issuing against reset', () => {
  afterEach(() => listenAtFaultPoints(undefined));

  it.each(ISSUING)('the reset comes at %s: no certificate that anybody could use', async (point) => {
    const { id, device } = await rowIn(world, 'issuing');
    const ended = await atPoint(point, id, reset(device.userId), () => world.activities.issueCredentials({ enrollmentId: id }));
    expect(ended).toEqual([id]);
    expect(await world.activities.issueCredentials({ enrollmentId: id })).toEqual(ENDED);
    await expectNothingUsable(id);
  });

  it('intents and reset in line for the row: whoever is first, nothing is left', async () => {
    for (const first of ['issuing', 'reset'] as const) {
      const { id, device } = await rowIn(world, 'issuing');
      const issue = () => world.activities.issueCredentials({ enrollmentId: id });
      if (first === 'issuing') await inLockOrder(row(id), issue, reset(device.userId));
      else expect((await inLockOrder(row(id), reset(device.userId), issue))[1]).toEqual(ENDED);
      await expectNothingUsable(id);
    }
  });
});

describe('acknowledgement against reset', () => {
  afterEach(() => listenAtFaultPoints(undefined));

  const delivered = async () => {
    const { id, device, submitted } = await rowIn(world, 'awaiting-ack');
    if (submitted === undefined) throw new Error('no submission');
    const { proof } = await takeCredentials(api, id, submitted);
    return { id, userId: device.userId, ack: () => world.activities.finalizeDelivery({ enrollmentId: id, proof, updateId: 'u' }) };
  };

  it('the acknowledgement first: it is completed, and a reset concerns no certificate', async () => {
    const { id, userId, ack } = await delivered();
    const [acked, ended] = await inLockOrder(row(id), ack, reset(userId));
    expect([acked, ended]).toEqual([{ state: 'completed' }, []]);
    expect(await ack()).toEqual({ state: 'completed' });
    expect(await snapshot(world, id)).toMatchObject({ certificates: [{ status: 'active' }, { status: 'active' }], revocations: [] });
  });

  it('the acknowledgement has signed its receipt and not committed: the reset waits for it', async () => {
    const { id, userId, ack } = await delivered();
    expect(await atPoint('ack-committing', id, reset(userId), ack)).toEqual([]);
    expect((await stateOf(id)).state).toBe('completed');
  });

  it('the reset first: no receipt, and both certificates are revoked', async () => {
    const { id, userId, ack } = await delivered();
    const [, acked] = await inLockOrder(row(id), reset(userId), ack);
    expect([acked, await ack()]).toEqual([ENDED, ENDED]);
    expect(await snapshot(world, id)).toMatchObject({ delivery: { receipt: null } });
    await expectNothingUsable(id);
  });
});

describe('sweeper against reset', () => {
  it('both end each row once, whatever they meet', async () => {
    const userId = newDevice().userId;
    const rows = await Promise.all([1, 2, 3].map(() => createRow(api, newDevice(userId))));
    const ids = rows.map(({ id }) => id).toSorted();
    await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - interval '1 hour' WHERE user_id = ${userId}`;
    // The reset has the first row and waits for the last; a sweeper waits for the first or leaves it out.
    const sweep = () => sweepEnrollments(world.asRole('cs_sweeper'), 1, 3_600);
    const [ended, swept] = await resetBesides(ids.at(-1), reset(userId), sweep);
    expect([...ended, ...(swept?.ended.map(({ id }) => id) ?? [])].toSorted()).toEqual(ids);
    expect(await world.db.audit.count({ where: { userId, action: 'enrollment.end' } })).toBe(3);
  });
});

describe('all of them at once', () => {
  it('no deadlock, and nothing from before a reset gets further', async () => {
    const userId = await userWithPin();
    for (let round = 0; round < 6; round += 1) {
      const staged = await Promise.all(['awaiting-pin', 'awaiting-csr', 'issuing', 'awaiting-ack'].map(bringOfUser(userId)));
      const work = staged.flatMap(({ go }) => go);
      const resets = [reset(userId), reset(userId)];
      const creates = [0, 1, 2].map((n) => () => createRow(api, newDevice(userId), TEST_LIMITS, n === 0 ? 'verify' : 'skip-if-present'));
      const done = await Promise.allSettled(shuffled([...work, ...resets, ...creates]).map((one) => one()));
      expect(done.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))).toEqual([]);
      const wrong = await world.db.$queryRaw`
        SELECT id, state FROM enrollment e WHERE user_id = ${userId} AND is_before_pin_reset(e) AND ended_at IS NULL`;
      expect(wrong).toEqual([]);
      await satisfyPin(api, (await createRow(api, newDevice(userId))).id);
    }
  }, 120_000);

  /** What an enrollment in this state would do next. */
  const bringOfUser =
    (userId: string) =>
    async (state: string): Promise<{ go: (() => Promise<unknown>)[] }> => {
      const device = newDevice(userId);
      switch (state) {
        case 'awaiting-pin': {
          const { id } = await createRow(api, device);
          return {
            go: [() => beginPinAttempt(api, pinEntry(id), PIN_LIMITS), () => beginPinAttempt(api, pinEntry(id, 'setup'), PIN_LIMITS)],
          };
        }
        case 'awaiting-csr': {
          const { id } = await rowIn(world, 'awaiting-csr', device);
          const { digest } = await submit(api, id);
          return { go: [() => world.activities.judgeCsr({ enrollmentId: id, digest })] };
        }
        case 'issuing': {
          const { id } = await rowIn(world, 'issuing', device, { sdkKey: 'RSA:2048' });
          return { go: [() => world.activities.issueCredentials({ enrollmentId: id })] };
        }
        default: {
          const { id, submitted } = await rowIn(world, 'awaiting-ack', device);
          if (submitted === undefined) throw new Error('no submission');
          const { proof } = await takeCredentials(api, id, submitted);
          return { go: [() => world.activities.finalizeDelivery({ enrollmentId: id, proof, updateId: 'u' })] };
        }
      }
    };
});

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Starts `work`, and when it stands at the point starts `meanwhile`: done before it goes on, or waiting for it. Returns what `meanwhile` gave. */
async function atPoint<Result>(point: FaultPoint, about: EnrollmentId, meanwhile: () => Promise<Result>, work: () => Promise<unknown>) {
  let besides: Promise<Result> | undefined;
  listenAtFaultPoints(async (reached, whom) => {
    if (reached !== point || besides !== undefined || (whom !== about && reached !== 'signed')) return;
    besides = meanwhile();
    // One that needs the row waits until we are through: then this wait ends by time.
    await Promise.race([besides, new Promise((done) => setTimeout(done, 500))]);
  });
  await work();
  if (besides === undefined) throw new Error(`${point} was not reached`);
  return besides;
}

async function resetBesides<One, Two>(lastId: EnrollmentId | undefined, first: () => Promise<One>, second: () => Promise<Two>) {
  if (lastId === undefined) throw new Error('no row');
  const two: { result?: Promise<Two> } = {};
  const [one] = await inLockOrder(row(lastId), first, async () => {
    two.result = second();
    // Something that surely waits, so that both orders are the same to the gate.
    await world.db.$executeRaw`SELECT 1 FROM enrollment WHERE id = ${lastId}::uuid FOR UPDATE`;
  });
  return [one, await two.result] as const;
}

async function expectNothingUsable(id: EnrollmentId): Promise<void> {
  expect(await stateOf(id)).toEqual(ENDED);
  const { intents, certificates, revocations, delivery } = await snapshot(world, id);
  const [signed] = await world.db.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM credential_intent WHERE enrollment_id = ${id}::uuid AND signing_started_at IS NOT NULL`;
  expect(revocations).toHaveLength(signed?.n ?? -1);
  expect(statuses(certificates)).not.toContain('active');
  expect(statuses(certificates)).not.toContain('pending');
  expect(statuses(intents)).not.toContain('open');
  expect(delivery === null || Reflect.get(Object(delivery), 'sealed') === null).toBe(true);
}

function statuses(rows: unknown): unknown[] {
  return Array.isArray(rows) ? rows.map((one: unknown) => Reflect.get(Object(one), 'status')) : [];
}
