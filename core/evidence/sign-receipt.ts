import { CompactSign } from 'jose';
import type { EvidenceKey } from './evidence-key.ts';

/** What a destruction receipt says (protocol §3, ack). Instants are the database's. */
export interface ReceiptFacts {
  enrollmentId: string;
  spkiSha256: string;
  deliveryKid: string;
  sealedSha256: string;
  madeAt: Date;
  sealedAt: Date;
  firstDeliveredAt: Date;
  erasedAt: Date;
  plainGoneBy: Date;
  deliveries: number;
}

/**
 * Signs the receipt: no plaintext was ever stored, our sealed copy was removed at `erasedAt`. Compact JWS, ES256, header exactly alg,
 * typ, kid. Signed once and returned verbatim for ever.
 */
export function signReceipt(facts: ReceiptFacts, { kid, privateKey }: EvidenceKey): Promise<string> {
  const claims = {
    enr: facts.enrollmentId,
    spki: facts.spkiSha256,
    deliveryKid: facts.deliveryKid,
    sealedSha256: facts.sealedSha256,
    madeAt: facts.madeAt.toISOString(),
    sealedAt: facts.sealedAt.toISOString(),
    firstDeliveredAt: facts.firstDeliveredAt.toISOString(),
    erasedAt: facts.erasedAt.toISOString(),
    plainGoneBy: facts.plainGoneBy.toISOString(),
    deliveries: facts.deliveries,
    iat: Math.floor(facts.erasedAt.getTime() / 1_000),
  };
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg: 'ES256', typ: 'cs-receipt+jws', kid }).sign(privateKey);
}
