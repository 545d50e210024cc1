import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EnrollmentId, toEnrollmentId } from '../../../contract/ids.ts';
import { keyBarredAs } from '../../../store/blocked-key.ts';
import { createEnrollment } from '../../../store/create-enrollment.ts';
import { endEnrollment } from '../../../store/end-enrollment.ts';
import { markSigning } from '../../../store/issuing.ts';
import { type RetentionRule, removeExpired } from '../../../store/remove-expired.ts';
import { PIN_LIMITS, TEST_LIMITS } from '../../rig/enrollment-rows.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../../rig/enrollment-world.ts';
import { commitOwnIntents, rowIn, snapshot } from '../../rig/row-stages.ts';
import { daysPass } from './days-pass.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

const RULE: RetentionRule = { endedDays: 30, certifiedDays: 90 };
const NOTHING = { enrollments: 0, certificates: 0, intents: 0, deliveries: 0, revocations: 0, submissions: 0, pinAttempts: 0, devices: 0 };
const remove = (rule = RULE, most = 50) => removeExpired(world.asRole('cs_retention'), rule, most);
const cancel = (id: EnrollmentId) => endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
const there = async (id: EnrollmentId) => (await world.db.enrollment.count({ where: { id } })) === 1;
/** As long as anything goes: what other tests left must not be in the way. */
async function drained(): Promise<void> {
  while ((await remove()).lookedAt > 0);
}
/** A row in a state that was ended then, if it was not completed. */
async function ended(state: Parameters<typeof rowIn>[1]) {
  const row = await rowIn(world, state);
  await cancel(row.id);
  return row;
}

describe('without a certificate', () => {
  it.each(['awaiting-pin', 'awaiting-csr', 'issuing'] as const)(
    'an enrollment that ended in %s goes with its rows 30 days after the end, not an hour earlier',
    async (state) => {
      const { id, device } = await ended(state);
      await daysPass(world.db, 30 - 1 / 24);
      await drained();
      expect(await there(id)).toBe(true);
      await daysPass(world.db, 1 / 24);
      const { removed } = await remove();
      expect(removed).toMatchObject({ enrollments: 1, certificates: 0, devices: state === 'awaiting-pin' ? 0 : 1 });
      expect(await snapshot(world, id)).toMatchObject({ enrollment: null, submissions: [], intents: [], delivery: null });
      expect(await world.db.pinAttempt.count({ where: { enrollmentId: id } })).toBe(0);
      expect(await world.db.device.count({ where: device })).toBe(0);
      expect(await remove()).toEqual({ lookedAt: 0, removed: NOTHING });
    },
  );

  it('intents that were never marked for signing count as none', async () => {
    const { id } = await rowIn(world, 'issuing');
    await commitOwnIntents(world, id);
    await cancel(id);
    await daysPass(world.db, 30);
    expect((await remove()).removed).toMatchObject({ enrollments: 1, intents: 2, deliveries: 1, revocations: 0 });
  });

  it('an open one never goes, however old', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    await daysPass(world.db, 4_000);
    await drained();
    expect(await there(id)).toBe(true);
  });
});

describe('with a certificate', () => {
  it('a completed enrollment goes with the pair, the receipt and the device 90 days after notAfter, not earlier', async () => {
    const { id, device } = await rowIn(world, 'completed');
    const before = await snapshot(world, id);
    await daysPass(world.db, 365 + 90 - 1);
    await drained();
    expect(await snapshot(world, id)).toMatchObject({
      certificates: [{ status: 'active' }, { status: 'active' }],
      claims: [{ enrollmentId: id }, { enrollmentId: id }],
    });
    await daysPass(world.db, 1);
    expect((await remove()).removed).toEqual({
      ...NOTHING,
      enrollments: 1,
      certificates: 2,
      intents: 2,
      deliveries: 1,
      submissions: 1,
      pinAttempts: 1,
      devices: 1,
    });
    expect(await snapshot(world, id)).toMatchObject({
      enrollment: null,
      certificates: [],
      claims: [{ enrollmentId: id }, { enrollmentId: id }],
      audit: before['audit'],
    });
    expect(await world.db.userPin.count({ where: { userId: device.userId } })).toBe(1);
  });

  it('a serial that may have been signed is kept as if it were one, and its revocation until a CRL was signed after its end', async () => {
    const { id } = await rowIn(world, 'issuing');
    await commitOwnIntents(world, id);
    await markSigning(world.db, id, []);
    await cancel(id);
    await daysPass(world.db, 365 + 90);
    await drained();
    expect(await snapshot(world, id)).toMatchObject({ certificates: [], revocations: [{}, {}] });
    // The last CRL of each issuer was signed before; as long as none is newer than the certificate's end, it lists these.
    await world.db.issuer.updateMany({ data: { thisUpdate: new Date() } });
    expect((await remove()).removed).toMatchObject({ enrollments: 1, revocations: 2, certificates: 0 });
  });

  it('the older pair of a device goes at its own time, the present one stays, and so does the device', async () => {
    const first = await rowIn(world, 'completed');
    await daysPass(world.db, 200);
    const second = await rowIn(world, 'completed', first.device);
    await daysPass(world.db, 365 + 90 - 200);
    await world.db.issuer.updateMany({ data: { thisUpdate: new Date() } });
    await drained();
    expect([await there(first.id), await there(second.id)]).toEqual([false, true]);
    expect((await snapshot(world, second.id))['certificates']).toMatchObject([{ status: 'active' }, { status: 'active' }]);
    expect(await world.db.device.count({ where: first.device })).toBe(1);
  });
});

describe('what stays for ever', () => {
  it('claims of keys, and the memory of keys that the service made: still refused in a CSR', async () => {
    const { id } = await rowIn(world, 'completed');
    const intent = await world.db.credentialIntent.findUniqueOrThrow({ where: { enrollmentId_kind: { enrollmentId: id, kind: 'sdk' } } });
    const sdkKey = createHash('sha256').update(intent.spki).digest('hex');
    const asWorker = world.asRole('cs_worker');
    expect(await keyBarredAs(asWorker, sdkKey)).toBe('key_is_ours');
    await daysPass(world.db, 365 + 90);
    await drained();
    expect([await there(id), await world.db.keyClaim.count({ where: { enrollmentId: id } })]).toEqual([false, 2]);
    expect(await keyBarredAs(asWorker, sdkKey)).toBe('key_is_ours');
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    expect(await keyBarredAs(asWorker, other)).toBeUndefined();
  });

  it('audit rows; and a batch that removed something leaves one, with the ids', async () => {
    await drained();
    const { id } = await ended('awaiting-pin');
    const rows = await world.db.audit.findMany({ where: { enrollmentId: id } });
    await daysPass(world.db, 30);
    await remove();
    expect(await world.db.audit.findMany({ where: { enrollmentId: id } })).toEqual(rows);
    const last = await world.db.audit.findFirst({ orderBy: { id: 'desc' } });
    expect(last).toMatchObject({ actor: 'retention', action: 'enrollments.remove', outcome: 'removed', detail: { enrollments: [id] } });
    await remove();
    expect(await world.db.audit.findFirst({ orderBy: { id: 'desc' } })).toEqual(last);
  });
});

describe('a turn', () => {
  it.each([
    ['6 days after an end', { endedDays: 6, certifiedDays: 90 }],
    ['61 days after notAfter', { endedDays: 30, certifiedDays: 61 }],
    ['a negative number of days after an end', { endedDays: -1, certifiedDays: 90 }],
  ])('is refused what is due %s: the database has the last word', async (_what, rule) => {
    await expect(remove(rule)).rejects.toThrow(/nothing is removed within/);
  });

  it.each([0, 1_001])('of %d is no batch', async (most) => {
    await expect(remove(RULE, most)).rejects.toThrow(/a batch is/);
  });

  it('takes no more than its batch, and several at once take each row once', async () => {
    await drained();
    const rows = await Promise.all(Array.from({ length: 7 }, () => ended('awaiting-pin')));
    await daysPass(world.db, 30);
    expect((await remove(RULE, 2)).removed.enrollments).toBe(2);
    const all = await Promise.all([remove(), remove(), remove()]);
    expect(all.reduce((sum, { removed }) => sum + removed.enrollments, 0)).toBe(5);
    expect(await world.db.enrollment.count({ where: { id: { in: rows.map(({ id }) => id) } } })).toBe(0);
  });

  it('passes over a row that somebody holds, and takes it the next time', async () => {
    await drained();
    const [held, free] = [await ended('awaiting-pin'), await ended('awaiting-pin')];
    await daysPass(world.db, 30);
    await world.db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT 1 FROM enrollment WHERE id = ${held.id}::uuid FOR UPDATE`;
      expect((await remove()).removed.enrollments).toBe(1);
    });
    expect([await there(held.id), await there(free.id)]).toEqual([true, false]);
    expect((await remove()).removed.enrollments).toBe(1);
  });

  it('passes over a device that somebody is in line for, and takes it the next time', async () => {
    await drained();
    const [held, free] = [await ended('awaiting-pin'), await ended('awaiting-pin')];
    const { clientId, userId, deviceId } = await world.db.enrollment.findUniqueOrThrow({ where: { id: held.id } });
    await daysPass(world.db, 30);
    await world.db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT lock_device(${clientId}, ${userId}, ${deviceId})`;
      expect(await remove()).toMatchObject({ lookedAt: 1, removed: { enrollments: 1 } });
      expect(await remove()).toMatchObject({ lookedAt: 0, removed: { enrollments: 0 } });
    });
    expect([await there(held.id), await there(free.id)]).toEqual([true, false]);
    expect((await remove()).removed.enrollments).toBe(1);
  });

  it('leaves the repetition of a create what it needs, and afterwards the key is free', async () => {
    const { id } = await ended('awaiting-pin');
    const row = await world.db.enrollment.findUniqueOrThrow({ where: { id } });
    const { clientId, userId, deviceId, tokenId, idempotencyKey, bodySha256, tokenKid, tokenSalt } = row;
    const same = { clientId, userId, deviceId, tokenId, idempotencyKey, bodySha256, tokenKid, tokenSalt, limits: TEST_LIMITS };
    const rest = { platform: 'other', pinPolicy: 'verify', maxPinFailures: PIN_LIMITS.maxFailures } as const;
    const again = () => createEnrollment(world.db, { ...same, ...rest, id: toEnrollmentId(randomUUID()) });
    await daysPass(world.db, 29);
    await drained();
    expect(await again()).toMatchObject({ kind: 'repeated', enrollment: { id } });
    await daysPass(world.db, 1);
    await drained();
    expect(await again()).toMatchObject({ kind: 'created' });
  });
});

describe('rows from before the end codes were a closed set', () => {
  const odd = (id: EnrollmentId, endedAt: string) =>
    world.db.$transaction([
      world.db.$executeRaw`SET LOCAL session_replication_role = replica`,
      world.db.$executeRaw`UPDATE enrollment SET code = 'no-such-code', ended_at = ${endedAt}::timestamptz WHERE id = ${id}::uuid`,
    ]);

  it('go like all others, also with certificates, and hold up nothing', async () => {
    const [old, other] = [await ended('awaiting-ack'), await ended('awaiting-pin')];
    await odd(old.id, '2020-01-01T00:00:00Z');
    await daysPass(world.db, 365 + 92);
    await world.db.$executeRaw`UPDATE issuer SET this_update = clock_timestamp()`;
    await drained();
    expect([await there(old.id), await there(other.id)]).toEqual([false, false]);
  });

  it('are no way for a new one', async () => {
    const { id } = await ended('awaiting-pin');
    await expect(odd(id, new Date().toISOString())).rejects.toThrow(/enrollment_code_of_state/);
  });
});
