import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { toEnrollmentId } from '../../contract/ids.ts';
import { openEvidenceKey } from '../../core/evidence/evidence-key.ts';
import type { ErasureFacts } from '../../store/acknowledge.ts';
import { openDatabase } from '../../store/database.ts';
import { receiptSigner } from '../../worker/receipt-signer.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

const at = new Date('2026-01-01T00:00:00.000Z');
const FACTS: ErasureFacts = {
  enrollmentId: toEnrollmentId('00000000-0000-4000-8000-000000000001'),
  spkiSha256: 'spki',
  deliveryKid: 'kid',
  sealedSha256: 'sealed',
  madeAt: at,
  sealedAt: at,
  firstDeliveredAt: at,
  erasedAt: at,
  plainGoneBy: at,
  deliveries: 1,
};

function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return openEvidenceKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

test('whoever holds a receipt finds its key: it is published before the first signature, also when the start of the worker could not', async () => {
  const { db } = await freshDatabase();
  const sign = receiptSigner(db, newKey());
  const receipt = await sign(FACTS);
  const { kid } = decodeProtectedHeader(receipt);
  expect(await db.evidenceKey.findMany({ select: { kid: true } })).toEqual([{ kid }]);
  expect(decodeProtectedHeader(await sign(FACTS)).kid).toBe(kid);
});

test('while its key cannot be published nothing is signed; the acknowledgement is tried again', async () => {
  const db = openDatabase('postgresql://nobody@127.0.0.1:1/nothing');
  const sign = receiptSigner(db, newKey());
  await expect(sign(FACTS)).rejects.toThrow();
  await expect(sign(FACTS)).rejects.toThrow();
  await db.$disconnect();
});
