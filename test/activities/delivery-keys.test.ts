import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { type DeliveryKey, deliveryKeyOf, makeDeliveryKey } from '../../sdk/csr/delivery-key.ts';
import { blockKey } from '../../store/blocked-key.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn, snapshot } from '../rig/row-stages.ts';
import { newUserKey, type SubmissionWish, submit, takeCredentials } from '../rig/test-device.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

const reused = { refused: 'delivery_key_reused', state: 'awaiting-csr', csrRefusalsLeft: 4 };

describe('a delivery key', () => {
  it('of an accepted CSR is refused in another enrollment, counted once, and the other CSR claims nothing', async () => {
    const deliveryKey = makeDeliveryKey();
    const first = await rowIn(world, 'issuing', undefined, { deliveryKey });
    const { id } = await rowIn(world, 'awaiting-csr');
    const { digest } = await submit(world.db, id, { deliveryKey });
    const judge = () => world.activities.judgeCsr({ enrollmentId: id, digest });
    expect(await judge()).toEqual(reused);
    const after = await snapshot(world, id);
    expect(after).toMatchObject({ enrollment: { csrRefusals: 1 }, submissions: [{ outcome: 'delivery_key_reused' }], claims: [] });
    expect(await judge()).toEqual(reused);
    expect(await snapshot(world, id)).toEqual(after);
    expect(await claimOf(deliveryKey.privateKey)).toMatchObject({ use: 'delivery', enrollmentId: first.id });
  });

  it.each(['cancelled', 'completed'] as const)('stays used when its enrollment is %s, for the same device too', async (end) => {
    const deliveryKey = makeDeliveryKey();
    const first = await rowIn(world, end === 'completed' ? 'completed' : 'issuing', undefined, { deliveryKey });
    if (end === 'cancelled') await endEnrollment(world.db, { id: first.id, state: 'cancelled', code: 'cancelled', actor: 'test' });
    const { id } = await rowIn(world, 'awaiting-csr', first.device);
    expect(await judged(id, { deliveryKey })).toEqual(reused);
  });

  it('of a refused CSR may come again: in the same enrollment, and in another', async () => {
    const deliveryKey = makeDeliveryKey();
    const { id } = await rowIn(world, 'awaiting-csr');
    expect(await judged(id, { deliveryKey, challenge: 'expired' })).toMatchObject({ refused: 'challenge_expired' });
    expect(await judged(id, { deliveryKey, challenge: 'foreign' })).toMatchObject({ refused: 'challenge_mismatch' });
    expect(await judged(id, { deliveryKey })).toEqual({ state: 'issuing' });
    const unused = makeDeliveryKey();
    const [gaveUp, next] = [await rowIn(world, 'awaiting-csr'), await rowIn(world, 'awaiting-csr')];
    expect(await judged(gaveUp.id, { deliveryKey: unused, challenge: 'foreign' })).toMatchObject({ refused: 'challenge_mismatch' });
    expect(await judged(next.id, { deliveryKey: unused })).toEqual({ state: 'issuing' });
  });

  it('that is the user key of this CSR, of an earlier one, or an SDK key, is refused', async () => {
    const userKey = newUserKey();
    const first = await rowIn(world, 'awaiting-ack', undefined, { userKey });
    if (first.submitted === undefined) throw new Error('no submission');
    const { sdkKey } = await takeCredentials(world.db, first.id, first.submitted);
    const ownKey = newUserKey();
    for (const wish of [{ deliveryKey: deliveryKeyOf(userKey) }, { deliveryKey: deliveryKeyOf(sdkKey) }, pair(ownKey)]) {
      const { id } = await rowIn(world, 'awaiting-csr', first.device);
      expect(await judged(id, wish)).toEqual(reused);
      expect((await snapshot(world, id)).claims).toEqual([]);
    }
  });

  it('on the block list is refused: what is sealed to it would be open to others', async () => {
    const deliveryKey = makeDeliveryKey();
    const blocked = { spkiSha256: spkiSha256(deliveryKey.privateKey), reason: 'found in a backup', blockedBy: 'operator:test' };
    await blockKey(world.asRole('cs_operator'), blocked);
    const { id } = await rowIn(world, 'awaiting-csr');
    expect(await judged(id, { deliveryKey })).toMatchObject({ refused: 'key_blocked', csrRefusalsLeft: 4 });
    expect((await snapshot(world, id)).submissions).toMatchObject([{ detail: 'The delivery key is on the block list.' }]);
  });

  it('cannot be the user key of a later CSR, also of the same device', async () => {
    const deliveryKey = makeDeliveryKey();
    const { device } = await rowIn(world, 'completed', undefined, { deliveryKey });
    const { id } = await rowIn(world, 'awaiting-csr', device);
    expect(await judged(id, { userKey: deliveryKey.privateKey })).toMatchObject({ refused: 'key_in_use' });
  });

  it('sent in two enrollments at the same time is taken in one of them', async () => {
    for (let round = 0; round < 5; round += 1) {
      const deliveryKey = makeDeliveryKey();
      const outcomes = await judgedTogether({ deliveryKey }, { deliveryKey });
      expect(outcomes).toEqual(['delivery_key_reused', 'issuing']);
    }
  });

  it('that is at the same time the user key of another device has one use in the end', async () => {
    for (let round = 0; round < 5; round += 1) {
      const deliveryKey = makeDeliveryKey();
      const outcomes = await judgedTogether({ deliveryKey }, { userKey: deliveryKey.privateKey });
      expect([
        ['delivery_key_reused', 'issuing'],
        ['issuing', 'key_in_use'],
      ]).toContainEqual(outcomes);
    }
  });
});

describe('the issuance process', () => {
  it('seals nothing to a key whose claim belongs to another enrollment', async () => {
    const deliveryKey = makeDeliveryKey();
    const [one, other] = [await rowIn(world, 'issuing', undefined, { deliveryKey }), await rowIn(world, 'issuing')];
    const where = { spkiSha256: spkiSha256(deliveryKey.privateKey) };
    await world.db.keyClaim.update({ where, data: { enrollmentId: other.id } });
    const failure = { code: 'issuing_refused', message: expect.stringContaining('delivery_key_reused') };
    await expect(world.activities.issueCredentials({ enrollmentId: one.id })).rejects.toMatchObject(failure);
    expect(await snapshot(world, one.id)).toMatchObject({ intents: [], delivery: null });
  });

  it('claims the key of a CSR that the version before accepted, and issues', async () => {
    const deliveryKey = makeDeliveryKey();
    const { id } = await rowIn(world, 'issuing', undefined, { deliveryKey });
    await world.db.keyClaim.delete({ where: { spkiSha256: spkiSha256(deliveryKey.privateKey) } });
    expect(await world.activities.issueCredentials({ enrollmentId: id })).toEqual({ state: 'awaiting-ack' });
    expect(await claimOf(deliveryKey.privateKey)).toMatchObject({ use: 'delivery', enrollmentId: id });
  });
});

it('the migration claims the delivery keys of all accepted CSRs, and of no refused one', async () => {
  const [used, refused] = [makeDeliveryKey(), makeDeliveryKey()];
  const { id } = await rowIn(world, 'completed', undefined, { deliveryKey: used });
  const open = await rowIn(world, 'awaiting-csr');
  await judged(open.id, { deliveryKey: refused, challenge: 'foreign' });
  const before = await deliveryClaims();
  await world.db.keyClaim.deleteMany({ where: { use: 'delivery' } });
  await world.db.$executeRawUnsafe(backfill());
  const after = await deliveryClaims();
  expect(after.map(({ spkiSha256: hash }) => hash)).toEqual(before.map(({ spkiSha256: hash }) => hash));
  expect(await claimOf(used.privateKey)).toMatchObject({ use: 'delivery', enrollmentId: id });
  expect(await claimOf(refused.privateKey)).toBeNull();
});

/** The INSERT of the migration, as released. */
function backfill(): string {
  const path = '../../prisma/migrations/20261128060000_key_claim_use/migration.sql';
  const sql = readFileSync(new URL(path, import.meta.url), 'utf8');
  return sql.slice(sql.indexOf('INSERT INTO key_claim'));
}

function deliveryClaims() {
  return world.db.keyClaim.findMany({ where: { use: 'delivery' }, orderBy: { spkiSha256: 'asc' } });
}

function pair(key: KeyObject): { userKey: KeyObject; deliveryKey: DeliveryKey } {
  return { userKey: key, deliveryKey: deliveryKeyOf(key) };
}

async function judged(id: EnrollmentId, wish: SubmissionWish) {
  const { digest } = await submit(world.db, id, wish);
  return world.activities.judgeCsr({ enrollmentId: id, digest });
}

/** Each in an enrollment of its own, at the same time; state or refusal, sorted. */
async function judgedTogether(...wishes: SubmissionWish[]): Promise<string[]> {
  const asked = await Promise.all(
    wishes.map(async (wish) => {
      const { id } = await rowIn(world, 'awaiting-csr');
      return { enrollmentId: id, digest: (await submit(world.db, id, wish)).digest };
    }),
  );
  const judgements = await Promise.all(asked.map((one) => world.activities.judgeCsr(one)));
  return judgements.map((judgement) => ('refused' in judgement ? judgement.refused : judgement.state)).toSorted();
}

function claimOf(key: KeyObject) {
  return world.db.keyClaim.findUnique({ where: { spkiSha256: spkiSha256(key) } });
}

function spkiSha256(key: KeyObject): string {
  return createHash('sha256')
    .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    .digest('hex');
}
