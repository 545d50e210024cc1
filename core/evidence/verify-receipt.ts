import { compactVerify, importJWK } from 'jose';
import type { EvidenceJwk } from './evidence-key.ts';
import { type FlatMembers, JwsFormError, readFlatJws } from './read-flat-jws.ts';
import type { ReceiptClaims } from './receipt-claims.ts';
import { receiptTimesFault } from './receipt-times.ts';

export type ReceiptVerdict = { readonly ok: true; readonly claims: ReceiptClaims } | { readonly ok: false; readonly reason: string };

const TEXTS = ['enr', 'spki', 'deliveryKid', 'sealedSha256'] as const;
const TIMES = ['madeAt', 'sealedAt', 'firstDeliveredAt', 'erasedAt', 'plainGoneBy'] as const;
const NUMBERS = ['deliveries', 'iat'] as const;
const HEADER = ['alg', 'typ', 'kid'] as const;

/**
 * Verifies a destruction receipt with the published evidence keys: exactly the header and claims of the protocol, signed by the key that
 * `kid` names, with times that can all be true. Pure; may be repeated. Never throws over the receipt: the reason of a refusal is a sentence for an operator.
 */
export async function verifyReceipt(receipt: string, keys: readonly EvidenceJwk[]): Promise<ReceiptVerdict> {
  try {
    const { header, claims } = readFlatJws(receipt);
    const jwk = keyOf(header, keys);
    const found = toReceiptClaims(claims);
    const key = await importJWK(jwk, 'ES256');
    await compactVerify(receipt, key, { algorithms: ['ES256'] }).catch(() => {
      throw new JwsFormError('The signature does not verify.');
    });
    const fault = receiptTimesFault(found);
    return fault === undefined ? { ok: true, claims: found } : { ok: false, reason: `The times contradict each other: ${fault}.` };
  } catch (error) {
    if (error instanceof JwsFormError) return { ok: false, reason: error.message };
    throw error;
  }
}

function keyOf(header: FlatMembers, keys: readonly EvidenceJwk[]): EvidenceJwk {
  requireExactly('header', header, HEADER);
  if (header['alg'] !== 'ES256') throw new JwsFormError('The header alg is not ES256.');
  if (header['typ'] !== 'cs-receipt+jws') throw new JwsFormError('The header typ is not cs-receipt+jws.');
  const jwk = keys.find(({ kid }) => kid === header['kid']);
  if (jwk === undefined) throw new JwsFormError('The header kid names no published evidence key.');
  return jwk;
}

function toReceiptClaims(claims: FlatMembers): ReceiptClaims {
  requireExactly('payload', claims, [...TEXTS, ...TIMES, ...NUMBERS]);
  return {
    enr: text(claims, 'enr'),
    spki: text(claims, 'spki'),
    deliveryKid: text(claims, 'deliveryKid'),
    sealedSha256: text(claims, 'sealedSha256'),
    madeAt: time(claims, 'madeAt'),
    sealedAt: time(claims, 'sealedAt'),
    firstDeliveredAt: time(claims, 'firstDeliveredAt'),
    erasedAt: time(claims, 'erasedAt'),
    plainGoneBy: time(claims, 'plainGoneBy'),
    deliveries: count(claims, 'deliveries'),
    iat: count(claims, 'iat'),
  };
}

function requireExactly(part: string, found: FlatMembers, names: readonly string[]): void {
  const missing = names.find((name) => !Object.hasOwn(found, name));
  if (missing !== undefined) throw new JwsFormError(`The ${part} has no member ${missing}.`);
  if (Object.keys(found).length !== names.length) throw new JwsFormError(`The ${part} has a member that is not one of the protocol.`);
}

function text(claims: FlatMembers, name: (typeof TEXTS)[number] | (typeof TIMES)[number]): string {
  const value = claims[name];
  if (typeof value !== 'string') throw new JwsFormError(`The claim ${name} is not text.`);
  return value;
}

function time(claims: FlatMembers, name: (typeof TIMES)[number]): string {
  const value = text(claims, name);
  const instant = new Date(value);
  const canonical = !Number.isNaN(instant.getTime()) && instant.toISOString() === value;
  if (!canonical) throw new JwsFormError(`The claim ${name} is not a JSON time.`);
  return value;
}

function count(claims: FlatMembers, name: (typeof NUMBERS)[number]): number {
  const value = claims[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new JwsFormError(`The claim ${name} is not a count.`);
  return value;
}
