import { signEvidence } from './evidence-jws.ts';
import type { EvidenceKey } from './evidence-key.ts';
import { type ReceiptFacts, receiptClaims } from './receipt-claims.ts';

/**
 * Signs the destruction receipt: no plaintext was ever stored, our sealed copy was removed at `erasedAt`. ECDSA is randomised, so it is
 * signed once, in the transaction of the ack, and returned verbatim for ever.
 */
export function signReceipt(facts: ReceiptFacts, key: EvidenceKey): Promise<string> {
  return signEvidence('cs-receipt+jws', JSON.stringify(receiptClaims(facts)), key);
}
