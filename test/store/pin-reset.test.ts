import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { beginPinAttempt } from '../../store/begin-pin-attempt.ts';
import type { Database } from '../../store/database.ts';
import { deliverCredentials } from '../../store/delivery.ts';
import type { DatabaseRole } from '../../store/grants.ts';
import { resetPin } from '../../store/reset-pin.ts';
import { settlePinAttempt } from '../../store/settle-pin-attempt.ts';
import { pinStatusOf } from '../../store/user-pin.ts';
import { createRow, newDevice, PIN_LIMITS, pinEntry, rightPin, satisfyPin, TEST_LIMITS } from '../rig/enrollment-rows.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn, snapshot } from '../rig/row-stages.ts';
import { takeCredentials } from '../rig/test-device.ts';

let world: EnrollmentWorld;
let api: Database;
beforeAll(async () => {
  world = await enrollmentWorld();
  api = world.asRole('cs_api');
});

const ACTOR = 'token-service:ts-test';
const reset = (userId: string, most?: number) => resetPin(api, { userId, actor: ACTOR }, most);
const rowOf = (id: EnrollmentId) => world.db.enrollment.findUniqueOrThrow({ where: { id } });
const resetsOf = async (userId: string) => (await world.db.pinReset.findUnique({ where: { userId } }))?.resets ?? 0;
const ENDED = { state: 'cancelled', code: 'pin_reset' };

describe('a PIN reset', () => {
  it('takes the PIN from the thief whom it stopped: what he keeps open ends, the owner’s next enrollment sets the new PIN', async () => {
    const owner = newDevice();
    await satisfyPin(api, (await createRow(api, owner)).id);
    const [guessed, kept] = [await createRow(api, newDevice(owner.userId)), await createRow(api, newDevice(owner.userId))];
    await world.db.userPin.update({ where: { userId: owner.userId }, data: { failed: 10 } });
    const guess = await beginPinAttempt(api, pinEntry(guessed.id), PIN_LIMITS);
    expect(guess).toMatchObject({ outcome: { result: 'pin_locked' } });
    // The one that he keeps open waits: `next` of its view is `wait` while the user is locked.
    expect([(await rowOf(kept.id)).state, await pinStatusOf(api, owner.userId, 10)]).toEqual(['awaiting-pin', 'locked']);

    await reset(owner.userId);
    const thief = await beginPinAttempt(api, pinEntry(kept.id, 'setup'), PIN_LIMITS);
    expect(thief).toEqual({ kind: 'decided', outcome: { result: 'wrong_state', state: 'cancelled' } });
    expect(await rowOf(kept.id)).toMatchObject(ENDED);
    const fresh = await createRow(api, newDevice(owner.userId));
    await satisfyPin(api, fresh.id);
    expect(await pinStatusOf(api, owner.userId, 10)).toBe('present');
  });

  it('ends what is open in every state, of every client, in the order of ids, each audited after the reset; nobody else’s', async () => {
    const userId = newDevice().userId;
    const staged = [
      await rowIn(world, 'awaiting-pin', newDevice(userId)),
      await rowIn(world, 'awaiting-csr', newDevice(userId)),
      await rowIn(world, 'issuing', { ...newDevice(userId), clientId: 'ts-other' }),
      await rowIn(world, 'awaiting-ack', newDevice(userId)),
    ];
    const waived = await createRow(api, newDevice(userId), TEST_LIMITS, 'skip-if-present');
    const [completed, other] = [await rowIn(world, 'completed', newDevice(userId)), await rowIn(world, 'awaiting-csr')];
    const ids = [...staged.map(({ id }) => id), waived.id].toSorted();
    expect(await reset(userId)).toEqual(ids);

    for (const id of ids) expect(await rowOf(id)).toMatchObject(ENDED);
    for (const { id } of [completed, other]) expect(['completed', 'awaiting-csr']).toContain((await rowOf(id)).state);
    const { certificates, delivery } = await snapshot(world, staged[3]?.id ?? waived.id);
    expect({ certificates, delivery }).toMatchObject({
      certificates: [{ status: 'revoked' }, { status: 'revoked' }],
      delivery: { sealed: null },
    });
    const audit = await world.db.audit.findMany({
      where: { userId, actor: ACTOR, NOT: { action: 'enrollment.create' } },
      orderBy: { id: 'asc' },
    });
    expect(audit.map(({ action, enrollmentId, outcome, detail }) => ({ action, enrollmentId, outcome, detail }))).toEqual([
      { action: 'pin.reset', enrollmentId: null, outcome: 'removed', detail: { ended: 5, resets: 1 } },
      ...ids.map((enrollmentId) => ({
        action: 'enrollment.end',
        enrollmentId,
        outcome: 'cancelled',
        detail: { code: 'pin_reset', from: expect.any(String) },
      })),
    ]);
  });

  it('of a user without a PIN counts too: somebody may be about to set one up', async () => {
    const { id, userId } = await createRow(api);
    expect([await reset(userId), await reset(userId)]).toEqual([[id], []]);
    expect(await resetsOf(userId)).toBe(2);
    expect(await world.db.audit.findMany({ where: { userId, action: 'pin.reset' }, orderBy: { id: 'asc' } })).toMatchObject([
      { outcome: 'absent', detail: { ended: 1, resets: 1 } },
      { outcome: 'absent', detail: { ended: 0, resets: 2 } },
    ]);
  });

  it('of somebody who has more open than one transaction ends: all of them, and none gets further meanwhile', async () => {
    const userId = newDevice().userId;
    const rows = await Promise.all(Array.from({ length: 7 }, () => createRow(api, newDevice(userId))));
    const ids = rows.map(({ id }) => id).toSorted();
    expect(await reset(userId, 3)).toEqual(ids);
    for (const id of ids) expect(await rowOf(id)).toMatchObject(ENDED);
    expect(await world.db.audit.findFirst({ where: { userId, action: 'pin.reset' } })).toMatchObject({ detail: { ended: 7, resets: 1 } });
  });

  it('of very many is done, in transactions of bounded size', async () => {
    const userId = newDevice().userId;
    await insertOpen(userId, 2_500);
    expect((await reset(userId)).length).toBe(2_500);
    expect(await world.db.enrollment.count({ where: { userId, endedAt: null } })).toBe(0);
    const [largest] = await world.db.$queryRaw<{ rows: number }[]>`
      SELECT count(*)::int AS rows FROM audit WHERE user_id = ${userId} GROUP BY xmin::text ORDER BY rows DESC LIMIT 1`;
    expect(largest?.rows).toBeLessThanOrEqual(201);
  }, 120_000);
});

async function insertOpen(userId: string, count: number): Promise<void> {
  await world.db.$executeRaw`
    INSERT INTO enrollment (id, client_id, user_id, device_id, token_id, platform, pin_policy, idempotency_key, body_sha256, token_kid,
      token_salt, state, stage_deadline, expires_at, pin_seconds, csr_seconds, ack_seconds)
    SELECT gen_random_uuid(), 'ts-test', ${userId}, 'd-' || n, 't', 'other', 'verify', ${userId} || n, 'x', 't1', '\\x00', 'awaiting-pin',
      now() + interval '1 hour', now() + interval '1 hour', 900, 900, 900 FROM generate_series(1, ${count}::int) n`;
}

describe('the number of resets', () => {
  it('is frozen at the creation by the database, and is the present one', async () => {
    const { userId, id } = await createRow(api);
    await reset(userId);
    const next = await createRow(api, newDevice(userId));
    expect([(await rowOf(id)).pinResets, (await rowOf(next.id)).pinResets]).toEqual([0, 1]);
  });

  it('is raised by whoever deletes a PIN, by whatever way', async () => {
    const { id, device } = await rowIn(world, 'awaiting-csr');
    await api.userPin.delete({ where: { userId: device.userId } });
    expect([await resetsOf(device.userId), (await rowOf(id)).state]).toEqual([1, 'awaiting-csr']);
  });
});

/** An open enrollment that a reset has not come to yet: between two transactions of a large one, or a PIN that was deleted by hand. */
describe('an enrollment from before a reset', () => {
  const outlived = async (id: EnrollmentId) => {
    const { userId } = await rowOf(id);
    await world.db.userPin.deleteMany({ where: { userId } });
    await world.db.pinReset.upsert({ where: { userId }, create: { userId, resets: 1 }, update: { resets: { increment: 1 } } });
    return { id, userId };
  };

  it('is ended by the next PIN attempt, uncharged', async () => {
    const { id } = await outlived((await createRow(api)).id);
    const begun = await beginPinAttempt(api, pinEntry(id, 'setup'), PIN_LIMITS);
    expect(begun).toEqual({ kind: 'decided', outcome: { result: 'wrong_state', state: 'cancelled' } });
    expect(await rowOf(id)).toMatchObject({ ...ENDED, pinAttempts: 0 });
  });

  it('is ended by the outcome of an attempt that was charged before; no PIN is stored', async () => {
    const { id, userId } = await createRow(api);
    const entry = pinEntry(id, 'setup');
    const begun = await beginPinAttempt(api, entry, PIN_LIMITS);
    if (begun?.kind !== 'evaluate') throw new Error('not charged');
    await outlived(id);
    expect(await settlePinAttempt(api, entry, begun.job, rightPin('setup'), PIN_LIMITS)).toEqual({
      result: 'wrong_state',
      state: 'cancelled',
    });
    expect([await rowOf(id), await world.db.userPin.count({ where: { userId } })]).toMatchObject([ENDED, 0]);
  });

  it('sets up no PIN and leaves no stage by SQL, as whichever process', async () => {
    const pin = await outlived((await createRow(api)).id);
    await refused(
      'cs_api',
      `UPDATE enrollment SET state = 'awaiting-csr', pin_satisfied_at = now(), state_since = now() WHERE id = $1`,
      pin.id,
    );
    await refused(
      'cs_api',
      `INSERT INTO user_pin (user_id, pin_version, phc, params_version, memory_kib, passes, lanes, salt_kid, pepper_kid)
       VALUES ($1, gen_random_uuid(), 'x', 1, 1, 1, 1, 's1', 'p1')`,
      pin.userId,
    );
    const csr = await outlived((await rowIn(world, 'awaiting-csr')).id);
    await refused('cs_worker', `UPDATE enrollment SET state = 'issuing', csr_digest = 'x', state_since = now() WHERE id = $1`, csr.id);
    const issuing = await outlived((await rowIn(world, 'issuing')).id);
    await refused('cs_issuer', `UPDATE enrollment SET state = 'awaiting-ack', state_since = now() WHERE id = $1`, issuing.id);
    const { id, submitted } = await rowIn(world, 'awaiting-ack');
    if (submitted === undefined) throw new Error('no submission');
    await takeCredentials(api, id, submitted);
    await outlived(id);
    await refused('cs_worker', `SELECT end_enrollment($1, 'a.receipt.x', clock_timestamp())`, id);
    expect(await snapshot(world, id)).toMatchObject({ certificates: [{ status: 'pending' }, { status: 'pending' }] });
  });

  it('is handed nothing that waits for it: the delivery ends it', async () => {
    const { id } = await outlived((await rowIn(world, 'awaiting-ack')).id);
    for (let call = 0; call < 2; call += 1) expect(await deliverCredentials(api, id)).toBeUndefined();
    expect(await rowOf(id)).toMatchObject(ENDED);
    expect(await snapshot(world, id)).toMatchObject({
      certificates: [{ status: 'revoked' }, { status: 'revoked' }],
      delivery: { sealed: null, deliveries: 0 },
    });
  });

  it('gets no certificate from the issuance process either', async () => {
    const { id } = await outlived((await rowIn(world, 'issuing')).id);
    for (let run = 0; run < 2; run += 1)
      await expect(world.activities.issueCredentials({ enrollmentId: id })).rejects.toThrow(/before the PIN of its user was reset/);
    expect(await world.db.certificate.count({ where: { enrollmentId: id } })).toBe(0);
  });

  it('a user with a fresh one beside it sets up the PIN by the fresh one only', async () => {
    const { userId, id } = await createRow(api);
    await outlived(id);
    const fresh = await createRow(api, newDevice(userId));
    await refused(
      'cs_api',
      `UPDATE enrollment SET state = 'awaiting-csr', pin_satisfied_at = now(), state_since = now() WHERE id = $1`,
      id,
    );
    await satisfyPin(api, fresh.id);
    expect((await rowOf(fresh.id)).state).toBe('awaiting-csr');
  });
});

async function refused(role: DatabaseRole, sql: string, value: string): Promise<void> {
  const client = new pg.Client({ connectionString: world.urlOf(role) });
  await client.connect();
  try {
    await expect(client.query(sql, [value])).rejects.toMatchObject({ code: '42501' });
  } finally {
    await client.end();
  }
}
