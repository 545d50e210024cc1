import { CompactSign } from 'jose';
import type { EvidenceKey } from './evidence-key.ts';
import { type ReceiptFacts, receiptClaims } from './receipt-claims.ts';

/**
 * Signs the destruction receipt: no plaintext was ever stored, our sealed copy was removed at `erasedAt`. Compact JWS, ES256, header
 * exactly alg, typ, kid. ECDSA is randomised, so it is signed once, in the transaction of the ack, and returned verbatim for ever.
 */
export function signReceipt(facts: ReceiptFacts, { kid, privateKey }: EvidenceKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(receiptClaims(facts)));
  return new CompactSign(payload).setProtectedHeader({ alg: 'ES256', typ: 'cs-receipt+jws', kid }).sign(privateKey);
}
