import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { toEnrollmentId } from '../../contract/ids.ts';
import { openEvidenceKey } from '../../core/evidence/evidence-key.ts';
import { readEvidenceKeys } from '../../store/evidence-keys.ts';
import { signPublished } from '../../worker/sign-published.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

const { db } = await freshDatabase();
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const evidence = openEvidenceKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const now = new Date();
const facts = {
  enrollmentId: toEnrollmentId('5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10'),
  spkiSha256: 'x',
  deliveryKid: 'x',
  sealedSha256: 'x',
  madeAt: now,
  sealedAt: now,
  firstDeliveredAt: now,
  erasedAt: now,
  plainGoneBy: now,
  deliveries: 1,
};

test('no receipt is signed with a key that nobody can look up: not while the table is away, and after that at once', async () => {
  const sign = signPublished(db, evidence);
  await db.$executeRaw`ALTER TABLE evidence_key RENAME TO evidence_key_away`;
  await expect(sign(facts)).rejects.toThrow();
  await db.$executeRaw`ALTER TABLE evidence_key_away RENAME TO evidence_key`;
  const { kid } = decodeProtectedHeader(await sign(facts));
  expect(await readEvidenceKeys(db)).toMatchObject([{ kid }]);
});
