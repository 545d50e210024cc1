import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { toEnrollmentId } from '../../contract/ids.ts';
import { type ErasureFacts, finishDelivery } from '../../store/acknowledge.ts';
import { renewCrl } from '../../store/crl.ts';
import { inTransaction } from '../../store/database.ts';
import { deliverCredentials } from '../../store/delivery.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { markSigning } from '../../store/issuing.ts';
import { sweepEnrollments } from '../../store/sweep.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { commitOwnIntents, rowIn, snapshot } from '../rig/row-stages.ts';
import { takeCredentials } from '../rig/test-device.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

const cancel = (id: EnrollmentId) => endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
const dueOf = async () => (await world.db.issuer.findUniqueOrThrow({ where: { id: 'issuing-ec' } })).crlDueAt;
const clearDue = () => world.db.issuer.updateMany({ data: { crlDueAt: null } });

describe('end_enrollment', () => {
  it.each(['awaiting-pin', 'awaiting-csr', 'issuing'] as const)('in %s ends the row and has nothing to revoke', async (state) => {
    const { id } = await rowIn(world, state);
    await clearDue();
    expect(await cancel(id)).toEqual({ ended: true, state: 'cancelled', code: 'cancelled' });
    expect(await snapshot(world, id)).toMatchObject({
      enrollment: { state: 'cancelled', code: 'cancelled' },
      revocations: [],
      certificates: [],
      delivery: null,
    });
    expect(await dueOf()).toBeNull();
  });

  it.each([
    ['without a signing mark: serials never leave', false],
    ['with a signing mark: a signature may exist, so the serials are revoked', true],
  ] as const)('with committed intents %s', async (_what, marked) => {
    const { id } = await rowIn(world, 'issuing');
    await commitOwnIntents(world, id);
    if (marked) await markSigning(world.db, id, []);
    await clearDue();
    await cancel(id);
    const { intents, revocations, delivery } = await snapshot(world, id);
    expect(intents).toMatchObject([{ status: 'burnt' }, { status: 'burnt' }]);
    expect(revocations).toHaveLength(marked ? 2 : 0);
    expect(delivery).toMatchObject({ sealed: null });
    expect((await dueOf()) !== null).toBe(marked);
  });

  it('in awaiting-ack revokes both certificates, makes a CRL due and erases the sealed key; again it changes nothing', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    await clearDue();
    await cancel(id);
    const after = await snapshot(world, id);
    expect(after).toMatchObject({
      certificates: [{ status: 'revoked' }, { status: 'revoked' }],
      revocations: [{ reason: 'cessationOfOperation' }, { reason: 'cessationOfOperation' }],
      delivery: { sealed: null },
    });
    expect(await dueOf()).toBeInstanceOf(Date);
    expect(await endEnrollment(world.db, { id, state: 'expired', code: 'deadline_ack', actor: 'test' })).toEqual({
      ended: false,
      state: 'cancelled',
      code: 'cancelled',
    });
    expect(await snapshot(world, id)).toEqual(after);
  });

  it('leaves a completed enrollment alone', async () => {
    const { id } = await rowIn(world, 'completed');
    const before = await snapshot(world, id);
    expect(await cancel(id)).toEqual({ ended: false, state: 'completed' });
    expect(await snapshot(world, id)).toEqual(before);
  });

  it('ends only from an expected state, and tells when there is no row', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    const late = { id, state: 'expired', code: 'deadline_pin', actor: 'test', expected: ['awaiting-pin'] } as const;
    expect(await endEnrollment(world.db, late)).toEqual({ ended: false, state: 'awaiting-csr' });
    expect(await cancel(toEnrollmentId(randomUUID()))).toBeUndefined();
  });

  it('twenty ends at once revoke each serial once', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    const ends = await Promise.all(Array.from({ length: 20 }, () => cancel(id)));
    expect(ends.filter((end) => end?.ended)).toHaveLength(1);
    expect(await world.db.revocation.count({ where: { enrollmentId: id } })).toBe(2);
    expect(await world.db.audit.count({ where: { enrollmentId: id, action: 'enrollment.end' } })).toBe(1);
  });
});

describe('the sweeper', () => {
  const overdue = (id: EnrollmentId) =>
    world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - interval '3 minutes' WHERE id = ${id}::uuid`;

  it('ends overdue rows with the code of their stage and leaves those within the grace', async () => {
    const [pin, ack, early] = [await rowIn(world, 'awaiting-pin'), await rowIn(world, 'awaiting-ack'), await rowIn(world, 'awaiting-csr')];
    await Promise.all([overdue(pin.id), overdue(ack.id)]);
    await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - interval '1 minute' WHERE id = ${early.id}::uuid`;
    const swept = await sweepEnrollments(world.db, 120, 3_600);
    expect(swept?.ended.map(({ id }) => id).sort()).toEqual([pin.id, ack.id].sort());
    expect((await snapshot(world, pin.id)).enrollment).toMatchObject({ state: 'expired', code: 'deadline_pin' });
    expect(await snapshot(world, ack.id)).toMatchObject({
      enrollment: { code: 'deadline_ack' },
      delivery: { sealed: null },
      certificates: [{ status: 'revoked' }, { status: 'revoked' }],
    });
    expect((await snapshot(world, early.id)).enrollment).toMatchObject({ state: 'awaiting-csr' });
    expect((await sweepEnrollments(world.db, 120, 3_600)).ended).toEqual([]);
  });

  it('names open rows whose workflow was never started, and only those', async () => {
    const [unstarted, started, ended] = [
      await rowIn(world, 'awaiting-pin'),
      await rowIn(world, 'awaiting-pin'),
      await rowIn(world, 'awaiting-pin'),
    ];
    const all = [unstarted.id, started.id, ended.id];
    await world.db.enrollment.updateMany({ where: { id: { in: all } }, data: { createdAt: new Date(Date.now() - 60_000) } });
    await world.db.enrollment.update({ where: { id: started.id }, data: { startedAt: new Date() } });
    await cancel(ended.id);
    const named = (await sweepEnrollments(world.db, 120, 10)).unstarted.map(({ id }) => id);
    expect(named.filter((id) => all.includes(id))).toEqual([unstarted.id]);
  });
});

describe('CRL jobs', () => {
  it('come with rising numbers and serials in order, one at a time, and only when one is due', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    await cancel(id);
    const jobs: { number: bigint; serials: string[] }[] = [];
    const renew = () =>
      renewCrl(world.db, 'issuing-ec', 3_600, ({ number, now, revoked }) => {
        jobs.push({ number, serials: revoked.map(({ serial }) => serial) });
        return { der: new Uint8Array([0x30, 0]), signedAt: now, nextUpdate: new Date(now.getTime() + 86_400_000) };
      });
    const before = (await world.db.issuer.findUniqueOrThrow({ where: { id: 'issuing-ec' } })).crlNumber;
    expect((await Promise.all([renew(), renew(), renew()])).filter(Boolean)).toHaveLength(1);
    const other = await rowIn(world, 'awaiting-ack');
    await cancel(other.id);
    expect(await renew()).toBe(true);
    expect(await renew()).toBe(false);
    expect(jobs.map(({ number }) => number)).toEqual([before + 1n, before + 2n]);
    for (const { serials } of jobs) expect(serials).toEqual([...serials].sort());
    const revoked = await world.db.revocation.findMany({ where: { enrollmentId: other.id } });
    expect(jobs[1]?.serials).toEqual(expect.arrayContaining(revoked.map(({ serial }) => serial)));
  });
});

describe('finishDelivery', () => {
  it("supersedes the device's older certificates with the acknowledgement, not earlier, and nobody else's", async () => {
    const first = await rowIn(world, 'completed');
    const stranger = await rowIn(world, 'completed');
    const second = await rowIn(world, 'awaiting-ack', first.device);
    if (second.submitted === undefined) throw new Error('no submission');
    expect((await snapshot(world, first.id)).certificates).toMatchObject([{ status: 'active' }, { status: 'active' }]);
    await takeCredentials(world.db, second.id, second.submitted);
    expect(await finishDelivery(world.db, second.id, world.enrollmentDeps.signReceipt)).toEqual({ kind: 'completed' });
    expect(await snapshot(world, first.id)).toMatchObject({
      certificates: [{ status: 'revoked' }, { status: 'revoked' }],
      revocations: [{ reason: 'superseded' }, { reason: 'superseded' }],
    });
    expect((await snapshot(world, second.id)).certificates).toMatchObject([{ status: 'active' }, { status: 'active' }]);
    expect((await snapshot(world, stranger.id)).certificates).toMatchObject([{ status: 'active' }, { status: 'active' }]);
  });

  it('states what stays true: credentials that are asked for meanwhile wait, and are then gone', async () => {
    const { id, submitted } = await rowIn(world, 'awaiting-ack');
    if (submitted === undefined) throw new Error('no submission');
    await takeCredentials(world.db, id, submitted);
    let asked: Promise<unknown> = Promise.reject(new Error('nobody asked'));
    asked.catch(() => undefined);
    let stated: ErasureFacts | undefined;
    await finishDelivery(world.db, id, async (facts) => {
      stated = facts;
      asked = deliverCredentials(world.db, id);
      await Promise.race([asked, new Promise((done) => setTimeout(done, 300))]);
      return world.enrollmentDeps.signReceipt(facts);
    });
    expect(await asked).toBeUndefined();
    const { deliveries } = await world.db.delivery.findUniqueOrThrow({ where: { enrollmentId: id } });
    expect(stated).toMatchObject({ deliveries });
  });

  it('does nothing at all when the receipt cannot be signed', async () => {
    const { id, submitted } = await rowIn(world, 'awaiting-ack');
    if (submitted === undefined) throw new Error('no submission');
    await takeCredentials(world.db, id, submitted);
    const before = await snapshot(world, id);
    await expect(finishDelivery(world.db, id, () => Promise.reject(new Error('no key')))).rejects.toThrow('no key');
    expect(await snapshot(world, id)).toEqual(before);
  });
});

describe('inTransaction', () => {
  it('tries a transaction again that lost a deadlock: both effects stand', async () => {
    const [one, other] = [await rowIn(world, 'awaiting-pin'), await rowIn(world, 'awaiting-pin')];
    let attempts = 0;
    let bothHoldOne: () => void = () => undefined;
    const both = new Promise<void>((done) => {
      bothHoldOne = done;
    });
    let holding = 0;
    const crossing = (first: EnrollmentId, second: EnrollmentId) =>
      inTransaction(world.db, async (tx) => {
        attempts += 1;
        await tx.enrollment.update({ where: { id: first }, data: { ackRefusals: { increment: 1 } } });
        holding += 1;
        if (holding >= 2) bothHoldOne();
        await both;
        await tx.enrollment.update({ where: { id: second }, data: { ackRefusals: { increment: 1 } } });
      });
    await Promise.all([crossing(one.id, other.id), crossing(other.id, one.id)]);
    expect(attempts).toBe(3);
    const rows = await world.db.enrollment.findMany({ where: { id: { in: [one.id, other.id] } } });
    expect(rows.map(({ ackRefusals }) => ackRefusals)).toEqual([2, 2]);
  });
});
