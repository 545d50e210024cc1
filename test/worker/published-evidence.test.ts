import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { toEnrollmentId } from '../../contract/ids.ts';
import { openEvidenceKey } from '../../core/evidence/evidence-key.ts';
import { readEvidenceKeys } from '../../store/evidence-keys.ts';
import { publishedEvidence } from '../../worker/published-evidence.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

it('a receipt that is signed before the loop of the worker came to publish its key can be verified all the same', async () => {
  const { db } = await freshDatabase();
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const evidence = openEvidenceKey(pem);
  const now = new Date();
  const times = { madeAt: now, sealedAt: now, firstDeliveredAt: now, erasedAt: now, plainGoneBy: now };
  const sealed = { spkiSha256: 'a'.repeat(43), deliveryKid: 'b'.repeat(43), sealedSha256: 'c'.repeat(43), deliveries: 1 };
  await publishedEvidence(db, evidence).sign({ enrollmentId: toEnrollmentId(randomUUID()), ...times, ...sealed });
  expect(await readEvidenceKeys(db)).toMatchObject([{ kid: evidence.kid }]);
});
