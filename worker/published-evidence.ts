import { type EvidenceKey, publicEvidenceJwk } from '../core/evidence/evidence-key.ts';
import { signReceipt } from '../core/evidence/sign-receipt.ts';
import type { ErasureFacts } from '../store/acknowledge.ts';
import type { Database } from '../store/database.ts';
import { publishEvidenceKey } from '../store/evidence-keys.ts';

export interface PublishedEvidence {
  /** Publishes the public half, unless this process has done so. May be repeated. */
  publish(): Promise<void>;
  /** Signs a destruction receipt, never under a key that nobody could verify it with: publishes first. */
  sign(facts: ErasureFacts): Promise<string>;
}

export function publishedEvidence(db: Database, evidence: EvidenceKey): PublishedEvidence {
  let published = false;
  const publish = async (): Promise<void> => {
    if (published) return;
    await publishEvidenceKey(db, evidence.kid, publicEvidenceJwk(evidence));
    published = true;
  };
  const sign = async (facts: ErasureFacts): Promise<string> => {
    await publish();
    return signReceipt(facts, evidence);
  };
  return { publish, sign };
}
