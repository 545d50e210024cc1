import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { refuseUnreadable } from '../../core/csr/refuse-unreadable.ts';
import { storeSubmission } from '../../store/csr-submission.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { createRow, newDevice, satisfyPin } from '../rig/enrollment-rows.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn, snapshot } from '../rig/row-stages.ts';
import { submit, takeCredentials } from '../rig/test-device.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

const submissionsOf = (enrollmentId: EnrollmentId) =>
  world.db.csrSubmission.findMany({ where: { enrollmentId }, orderBy: { receivedAt: 'asc' } });
const judge = (enrollmentId: EnrollmentId, digest: string) => world.activities.judgeCsr({ enrollmentId, digest });
const cancel = (id: EnrollmentId) => endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
const ready = async () => (await rowIn(world, 'awaiting-csr')).id;
const GONE = { csrText: '', deliveryKey: {} };

describe('what cannot be a CSR', () => {
  it('is stored without text and refused as it would have been with it, counted once however often it is judged', async () => {
    const [id, text] = [await ready(), 'this is no CSR'];
    const { digest } = await submit(world.db, id, { csrText: text });
    const { code, detail, offset } = refuseUnreadable(text) ?? {};
    expect(await submissionsOf(id)).toMatchObject([{ ...GONE, digest, unreadable: code, detail, offset, outcome: null }]);
    for (let times = 0; times < 2; times += 1) {
      expect(await judge(id, digest)).toMatchObject({ refused: 'csr_encoding_line_breaks', state: 'awaiting-csr', csrRefusalsLeft: 4 });
    }
    expect(await submissionsOf(id)).toMatchObject([{ ...GONE, outcome: code, detail, offset, attemptsLeft: 4 }]);
    expect((await snapshot(world, id)).enrollment).toMatchObject({ csrRefusals: 1, csrSubmissions: 1 });
  });

  it('is refused the same when the version before stored its text', async () => {
    const id = await ready();
    const digest = 'a'.repeat(64);
    const sent = { enrollmentId: id, digest, csrText: 'this is no CSR', deliveryKey: {}, deliveryFormat: 'jwe' } as const;
    await storeSubmission(world.db, sent, 10);
    expect(await judge(id, digest)).toMatchObject({ refused: 'csr_encoding_line_breaks', csrRefusalsLeft: 4 });
  });

  it('has no place in the table as an accepted one, or with a text', async () => {
    const id = await ready();
    const { digest } = await submit(world.db, id, { csrText: 'this is no CSR' });
    const where = { enrollmentId_digest: { enrollmentId: id, digest } };
    await expect(world.db.csrSubmission.update({ where, data: { outcome: 'accepted' } })).rejects.toThrow(/unreadable_check/);
    await expect(world.db.csrSubmission.update({ where, data: { csrText: 'x' } })).rejects.toThrow(/unreadable_check/);
  });

  it('leaves a bounded number of octets: ten of 64 KiB less than 16 KiB in all', async () => {
    const { id } = await createRow(world.db, newDevice());
    await satisfyPin(world.db, id);
    const digests: string[] = [];
    for (let n = 0; n < 10; n += 1) {
      const csrText = randomBytes(49_000).toString('base64').slice(0, 65_000);
      digests.push((await submit(world.db, id, { csrText })).digest);
    }
    for (const digest of digests) await judge(id, digest);
    const [kept] = await world.db.$queryRaw<{ octets: bigint }[]>`
      SELECT sum(pg_column_size(s.*)) AS octets FROM csr_submission s WHERE enrollment_id = ${id}::uuid`;
    expect(await submissionsOf(id)).toHaveLength(10);
    expect(Number(kept?.octets)).toBeLessThan(16_384);
  });
});

describe('the end of an enrollment', () => {
  it('by end_enrollment takes the texts of refused and unjudged submissions; digest and outcome stay', async () => {
    const id = await ready();
    const refused = await submit(world.db, id, { challenge: 'foreign' });
    await judge(id, refused.digest);
    const unjudged = await submit(world.db, id);
    const before = await submissionsOf(id);
    expect(before.every(({ csrText }) => csrText.length > 100)).toBe(true);
    await cancel(id);
    expect(await submissionsOf(id)).toEqual(before.map((row) => ({ ...row, ...GONE })));
    expect(before.map(({ digest, outcome }) => [digest, outcome])).toEqual([
      [refused.digest, 'challenge_mismatch'],
      [unjudged.digest, null],
    ]);
  });

  it.each(['issuing', 'awaiting-ack'] as const)('in %s leaves the accepted one as it is', async (state) => {
    const { id } = await rowIn(world, state);
    const before = await submissionsOf(id);
    await cancel(id);
    expect(await submissionsOf(id)).toEqual(before);
    expect(before).toMatchObject([{ outcome: 'accepted', csrText: expect.stringContaining('BEGIN') }]);
  });

  it('by acknowledgement takes those of refused ones and leaves the accepted one', async () => {
    const id = await ready();
    const refused = await submit(world.db, id, { challenge: 'foreign' });
    await judge(id, refused.digest);
    const good = await submit(world.db, id);
    await judge(id, good.digest);
    const before = await submissionsOf(id);
    await world.activities.issueCredentials({ enrollmentId: id });
    const { proof } = await takeCredentials(world.db, id, good);
    expect(await world.activities.finalizeDelivery({ enrollmentId: id, proof, updateId: 'u' })).toMatchObject({ state: 'completed' });
    expect(await submissionsOf(id)).toEqual(before.map((row) => (row.outcome === 'accepted' ? row : { ...row, ...GONE })));
  });

  it('lets nobody but its owner erase a text', async () => {
    const id = await ready();
    await submit(world.db, id);
    for (const role of ['cs_api', 'cs_worker', 'cs_sweeper', 'cs_retention'] as const) {
      const erase = world.asRole(role).$executeRaw`UPDATE csr_submission SET csr_text = ''`;
      await expect(erase).rejects.toThrow(/permission denied/);
    }
  });
});
