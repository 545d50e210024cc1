import { type EvidenceKey, publicEvidenceJwk } from '../core/evidence/evidence-key.ts';
import { signReceipt } from '../core/evidence/sign-receipt.ts';
import type { ErasureFacts } from '../store/acknowledge.ts';
import type { Database } from '../store/database.ts';
import { publishEvidenceKey } from '../store/evidence-keys.ts';

/**
 * Signs destruction receipts, but none before its key is published: a worker that started while the database was away would else hand out
 * receipts that no device can verify until the next turn of its loop. May be repeated; fails with the publication.
 */
export function receiptSigner(db: Database, evidence: EvidenceKey): (facts: ErasureFacts) => Promise<string> {
  let published = false;
  return async (facts) => {
    if (!published) await publishEvidenceKey(db, evidence.kid, publicEvidenceJwk(evidence));
    published = true;
    return signReceipt(facts, evidence);
  };
}
