import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { blockKey, listBlockedKeys } from '../../store/blocked-key.ts';
import { publishEvidenceKey } from '../../store/evidence-keys.ts';
import { markSigning } from '../../store/issuing.ts';
import { testKey } from '../core/pki/test-hierarchy.ts';
import { newDevice } from '../rig/enrollment-rows.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { commitOwnIntents, rowIn, snapshot } from '../rig/row-stages.ts';
import { newUserKey, submit, takeCredentials } from '../rig/test-device.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
  await publishEvidenceKey(world.db, world.evidence.kid, publicEvidenceJwk(world.evidence));
});

const block = (userKey: KeyObject) =>
  blockKey(world.asRole('cs_operator'), {
    spkiSha256: spkiSha256(userKey),
    reason: 'found in a public repository',
    blockedBy: 'operator:test',
  });

describe('a CSR', () => {
  it('with a blocked key is refused, counted once, and claims nothing; also for the device that has the key already', async () => {
    const userKey = newUserKey();
    const { device } = await rowIn(world, 'completed', newDevice(), { userKey });
    await block(userKey);
    const { id } = await rowIn(world, 'awaiting-csr', device);
    const { digest } = await submit(world.db, id, { userKey });
    const judge = () => world.activities.judgeCsr({ enrollmentId: id, digest });
    expect(await judge()).toMatchObject({ refused: 'key_blocked', state: 'awaiting-csr', csrRefusalsLeft: 4 });
    const after = await snapshot(world, id);
    expect(after).toMatchObject({ enrollment: { csrRefusals: 1 }, submissions: [{ outcome: 'key_blocked' }], claims: [] });
    expect(await judge()).toMatchObject({ refused: 'key_blocked' });
    expect(await snapshot(world, id)).toEqual(after);
  });

  it('with an SDK key that the service made is refused, also from the device that has it', async () => {
    const first = await rowIn(world, 'awaiting-ack');
    if (first.submitted === undefined) throw new Error('no submission');
    const { sdkKey } = await takeCredentials(world.db, first.id, first.submitted);
    const { id } = await rowIn(world, 'awaiting-csr', first.device);
    expect(await judged(id, sdkKey)).toMatchObject({ refused: 'key_is_ours', state: 'awaiting-csr' });
  });

  it.each(['root', 'issuing-rsa', 'issuing-ec', 'evidence'] as const)('with the key of %s is refused', async (name) => {
    const { id } = await rowIn(world, 'awaiting-csr');
    const key = name === 'evidence' ? world.evidence.privateKey : testKey(name);
    expect(await judged(id, key)).toMatchObject({ refused: 'key_is_ours', state: 'awaiting-csr' });
    expect((await snapshot(world, id)).claims).toEqual([]);
  });
});

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

describe('issuing', () => {
  it.each(['before any intent', 'with intents', 'with a signing mark'] as const)(
    'refuses a key that was blocked after its CSR was accepted, %s',
    async (when) => {
      const userKey = newUserKey();
      const { id } = await rowIn(world, 'issuing', newDevice(), { userKey });
      if (when !== 'before any intent') await commitOwnIntents(world, id);
      if (when === 'with a signing mark') await markSigning(world.db, id, []);
      await block(userKey);
      const before = await snapshot(world, id);
      await expect(world.activities.issueCredentials({ enrollmentId: id })).rejects.toMatchObject({
        code: 'issuing_refused',
        message: expect.stringContaining('key_blocked'),
      });
      // Nothing but the note that it was refused.
      const { audit, ...rest } = await snapshot(world, id);
      const { audit: earlier, ...same } = before;
      expect(rest).toEqual(same);
      expect(audit).toEqual([...listOf(earlier), expect.objectContaining({ action: 'credentials.refuse', outcome: 'issuing_refused' })]);
    },
  );
});

describe('the block list', () => {
  it('keeps the first entry, with one audit row, and names the certificates that hold the key', async () => {
    const userKey = newUserKey();
    const { id } = await rowIn(world, 'completed', newDevice(), { userKey });
    const [certificate] = await world.db.certificate.findMany({ where: { enrollmentId: id, kind: 'user' } });
    const affected = [{ serial: certificate?.serial, issuerId: 'issuing-ec', enrollmentId: id, status: 'active' }];
    expect(await block(userKey)).toEqual({ added: true, affected });
    expect(await blockKey(world.db, { spkiSha256: spkiSha256(userKey), reason: 'another', blockedBy: 'operator:other' })).toEqual({
      added: false,
      affected,
    });
    const listed = await listBlockedKeys(world.asRole('cs_operator'));
    expect(listed.filter((one) => one.spkiSha256 === spkiSha256(userKey))).toMatchObject([
      { reason: 'found in a public repository', blockedBy: 'operator:test', blockedAt: expect.any(Date) },
    ]);
    expect(await auditOf(userKey)).toMatchObject([{ actor: 'operator:test', action: 'key.block', outcome: 'blocked' }]);
  });

  it('takes no entry that is not a hash in the one form, or says no reason', async () => {
    const one = { spkiSha256: 'a'.repeat(64), reason: 'x', blockedBy: 'operator:test' };
    for (const wrong of [
      { spkiSha256: 'A'.repeat(64) },
      { spkiSha256: 'a'.repeat(63) },
      { reason: '' },
      { blockedBy: '' },
      { blockedBy: 'sweeper' },
      { blockedBy: 'operator:a\u202eb' },
    ])
      await expect(blockKey(world.db, { ...one, ...wrong })).rejects.toThrow(/check constraint|23514/);
  });

  it.each(['inserted', 'changed to it afterwards'] as const)(
    'gets the key of a certificate whose revocation for key compromise is %s, in the same transaction',
    async (how) => {
      const userKey = newUserKey();
      const { id } = await rowIn(world, 'completed', newDevice(), { userKey });
      const { issuerId, serial, notAfter } = await world.db.certificate.findFirstOrThrow({ where: { enrollmentId: id, kind: 'user' } });
      const first = how === 'inserted' ? 'keyCompromise' : 'superseded';
      const revocation = { issuerId, serial, enrollmentId: id, revokedAt: new Date(), notAfter, reason: first };
      const undone = world.db.$transaction(async (tx) => {
        await tx.revocation.create({ data: revocation });
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect(await auditOf(userKey)).toEqual([]);
      await world.db.revocation.create({ data: revocation });
      const where = { issuerId_serial: { issuerId, serial } };
      if (how !== 'inserted') await world.db.revocation.update({ where, data: { reason: 'keyCompromise' } });
      expect(await auditOf(userKey)).toMatchObject([{ actor: 'revocation', action: 'key.block' }]);
      const next = await rowIn(world, 'awaiting-csr');
      expect(await judged(next.id, userKey)).toMatchObject({ refused: 'key_blocked' });
    },
  );

  it.each(['superseded', 'cessationOfOperation', 'unspecified'])('gets nothing by a revocation as %s', async (reason) => {
    const userKey = newUserKey();
    const { id } = await rowIn(world, 'completed', newDevice(), { userKey });
    const { issuerId, serial, notAfter } = await world.db.certificate.findFirstOrThrow({ where: { enrollmentId: id, kind: 'user' } });
    await world.db.revocation.create({ data: { issuerId, serial, enrollmentId: id, revokedAt: new Date(), notAfter, reason } });
    expect(await auditOf(userKey)).toEqual([]);
  });

  it('is not rewritten even by the owner; an entry that the owner takes away leaves an audit row', async () => {
    const userKey = newUserKey();
    await block(userKey);
    const where = { spkiSha256: spkiSha256(userKey) };
    await expect(world.db.blockedKey.update({ where, data: { reason: 'harmless' } })).rejects.toThrow(/not rewritten/);
    await world.db.blockedKey.delete({ where });
    expect(await auditOf(userKey)).toMatchObject([{ action: 'key.block' }, { action: 'key.unblock', actor: 'database:postgres' }]);
  });
});

async function judged(id: EnrollmentId, userKey: KeyObject) {
  const { digest } = await submit(world.db, id, { userKey });
  return world.activities.judgeCsr({ enrollmentId: id, digest });
}

function auditOf(userKey: KeyObject) {
  const detail = { path: ['spkiSha256'], equals: spkiSha256(userKey) };
  return world.db.audit.findMany({ where: { detail, action: { startsWith: 'key.' } }, orderBy: { id: 'asc' } });
}

function spkiSha256(key: KeyObject): string {
  return createHash('sha256')
    .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    .digest('hex');
}
