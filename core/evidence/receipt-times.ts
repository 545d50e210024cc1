import type { ReceiptClaims } from './receipt-claims.ts';

/** Two machines date a receipt: the issuance process makes, seals and sees the exit, the database counts deliveries and erases. */
const TWO_CLOCKS_MS = 300_000;
/** The longest life of a key thread, and five seconds for seeing its exit. */
const THREAD_MS = 65_000;

/**
 * Why the times of a receipt cannot all be true: made, sealed, handed out, erased in this order, and the plaintext gone within the life
 * of its thread. Undefined when they can. Pure. Source: protocol §3.
 */
export function receiptTimesFault(claims: ReceiptClaims): string | undefined {
  const at = (name: 'madeAt' | 'sealedAt' | 'firstDeliveredAt' | 'erasedAt' | 'plainGoneBy') => Date.parse(claims[name]);
  if (at('madeAt') > at('sealedAt')) return 'sealedAt is before madeAt';
  if (at('sealedAt') > at('plainGoneBy')) return 'plainGoneBy is before sealedAt';
  if (at('plainGoneBy') - at('madeAt') > THREAD_MS) return 'plainGoneBy is later than a key thread lives';
  if (at('sealedAt') - at('firstDeliveredAt') > TWO_CLOCKS_MS) return 'firstDeliveredAt is before sealedAt';
  if (at('firstDeliveredAt') > at('erasedAt')) return 'erasedAt is before firstDeliveredAt';
  if (claims.iat !== Math.floor(at('erasedAt') / 1_000)) return 'iat is not the second of erasedAt';
  return claims.deliveries < 1 ? 'it was never delivered' : undefined;
}
