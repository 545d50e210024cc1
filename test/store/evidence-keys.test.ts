import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { toEvidenceJwks } from '../../core/evidence/evidence-jwks.ts';
import { openEvidenceKey, publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { verifyReceipt } from '../../core/evidence/verify-receipt.ts';
import { readReceipt } from '../../store/delivery.ts';
import { publishEvidenceKey, readEvidenceKeys } from '../../store/evidence-keys.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

it('after a rotation both keys are published, each audited once, and the old receipt verifies', async () => {
  const next = openEvidenceKey(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const { id } = await rowIn(world, 'completed');
  for (const key of [world.evidence, world.evidence, next, next]) await publishEvidenceKey(world.db, key.kid, publicEvidenceJwk(key));
  const keys = toEvidenceJwks({ keys: await readEvidenceKeys(world.db) });
  expect(keys.map(({ kid }) => kid).toSorted()).toEqual([world.evidence.kid, next.kid].toSorted());
  const receipt = (await readReceipt(world.db, id)) ?? '';
  expect(await verifyReceipt(receipt, keys)).toMatchObject({ ok: true, claims: { enr: id } });
  expect(await verifyReceipt(receipt, [publicEvidenceJwk(next)])).toMatchObject({ ok: false });
  const audited = await world.db.audit.findMany({ where: { action: 'evidence-key.publish' }, orderBy: { id: 'asc' } });
  expect(audited.map(({ detail }) => detail)).toEqual([world.evidence, next].map(({ kid }) => ({ key: `evidence/${kid}` })));
  expect(await world.db.audit.findFirst({ where: { enrollmentId: id, action: 'enrollment.acknowledge' } })).toMatchObject({
    detail: { key: `evidence/${world.evidence.kid}`, deliveries: 1, superseded: [] },
  });
});
