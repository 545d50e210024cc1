import { type EvidenceKey, publicEvidenceJwk } from '../core/evidence/evidence-key.ts';
import { signReceipt } from '../core/evidence/sign-receipt.ts';
import type { ErasureFacts } from '../store/acknowledge.ts';
import type { Database } from '../store/database.ts';
import { publishEvidenceKey } from '../store/evidence-keys.ts';

/**
 * Signs destruction receipts, but never with a key that verifiers cannot look up: the public half is in its table before the first
 * signature. Compact JWS. May be repeated; fails with `service_unavailable` while the database is away.
 */
export function signPublished(db: Database, evidence: EvidenceKey): (facts: ErasureFacts) => Promise<string> {
  let published: Promise<void> | undefined;
  return async (facts) => {
    published ??= publishEvidenceKey(db, evidence.kid, publicEvidenceJwk(evidence));
    await published.catch((error: unknown) => {
      published = undefined;
      throw error;
    });
    return signReceipt(facts, evidence);
  };
}
