import { expect, it } from 'vitest';
import { buildCrl } from '../../core/pki/build-crl.ts';
import { octetsOf } from '../../core/pki/octets.ts';
import { importCrl, readStoredCrl } from '../../store/import-crl.ts';
import { testSigner } from '../core/pki/test-hierarchy.ts';
import { enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn, snapshot } from '../rig/row-stages.ts';

const world = await enrollmentWorld();

async function rootCrlRevokes(id: 'issuing-ec' | 'issuing-rsa', number: bigint): Promise<void> {
  const now = new Date();
  const nextUpdate = new Date(now.getTime() + 86_400_000);
  const revoked = [{ serial: world.hierarchy.serials[id], revokedAt: now, reason: 'cACompromise' }];
  const der = octetsOf(buildCrl({ signer: testSigner(world.hierarchy, 'root'), number, thisUpdate: now, nextUpdate, revoked }));
  await importCrl(world.db, 'root', { number, der, thisUpdate: now, nextUpdate, entries: 1 }, await readStoredCrl(world.db, 'root'));
}

it('under an issuing CA that the root CRL revokes nothing is signed, marked or left to be revoked', async () => {
  await rootCrlRevokes('issuing-ec', 2n);
  const { id } = await rowIn(world, 'issuing');
  for (const _ of [1, 2]) {
    await expect(world.activities.issueCredentials({ enrollmentId: id })).rejects.toMatchObject({
      code: 'issuing_refused',
      message: 'The root CRL revokes issuing-ec.',
    });
  }
  const found = await snapshot(world, id);
  expect(found).toMatchObject({ enrollment: { state: 'issuing' }, certificates: [] });
  expect(
    await world.db.credentialIntent.findMany({ where: { enrollmentId: id }, select: { status: true, signingStartedAt: true } }),
  ).toEqual([
    { status: 'open', signingStartedAt: null },
    { status: 'open', signingStartedAt: null },
  ]);
  const [audit] = await world.db.audit.findMany({ where: { enrollmentId: id, action: 'credentials.refuse' } });
  expect(audit).toMatchObject({ outcome: 'issuing_refused' });
});

it('the other issuing CA goes on', async () => {
  await rootCrlRevokes('issuing-rsa', 3n);
  const { id } = await rowIn(world, 'issuing');
  expect(await world.activities.issueCredentials({ enrollmentId: id })).toMatchObject({ state: 'awaiting-ack' });
});
