import { createPublicKey, verify } from 'node:crypto';
import { fromBase64url } from '../base64url.ts';
import { JsonReader, parseJson } from '../read-json.ts';
import { SdkError } from '../sdk-error.ts';
import { faultOfTimes, type ReceiptTimes } from './receipt-times.ts';

/** Public evidence key as served at `/.well-known/cs-evidence-jwks.json`. */
export interface EvidenceKey {
  readonly kid: string;
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}

/** What the receipt must speak of. */
export interface ReceiptSubject {
  readonly enrollmentId: string;
  readonly spki: string;
  readonly deliveryKid: string;
  readonly sealedSha256: string;
}

/** Claims of a destruction receipt (protocol §3); times are JSON times. */
export interface ReceiptClaims extends ReceiptSubject, ReceiptTimes {}

/**
 * Verifies the destruction receipt: ES256 by one of the service's evidence keys, for exactly this enrollment, key and sealed
 * value, with times that can all be true.
 * Throws `receipt_refused`. The credentials are good nevertheless; a receipt that does not hold is a matter for the operator.
 */
export function verifyReceipt(receipt: string, keys: readonly EvidenceKey[], subject: ReceiptSubject): ReceiptClaims {
  const [header = '', payload = '', signature = '', ...more] = receipt.split('.');
  if (signature === '' || more.length > 0) throw refuse('a compact JWS has three parts');
  verifySignature(`${header}.${payload}`, signature, keyFor(json(header), keys));
  const claims = readClaims(json(payload));
  for (const name of ['enrollmentId', 'spki', 'deliveryKid', 'sealedSha256'] as const) {
    if (claims[name] !== subject[name]) throw refuse(`${name} is of something else`);
  }
  const fault = faultOfTimes(claims);
  if (fault !== undefined) throw refuse(fault);
  return claims;
}

function keyFor(header: JsonReader, keys: readonly EvidenceKey[]): EvidenceKey {
  if (header.text('alg') !== 'ES256' || header.text('typ') !== 'cs-receipt+jws') throw refuse('alg or typ');
  if (header.has('crit')) throw refuse('its header has crit, and no extension is understood here'); // RFC 7515 §4.1.11
  const key = keys.find(({ kid }) => kid === header.text('kid'));
  if (key === undefined) throw refuse('its key is not among the evidence keys of the service');
  return key;
}

function verifySignature(signed: string, signature: string, { kty, crv, x, y }: EvidenceKey): void {
  if (kty !== 'EC' || crv !== 'P-256') throw refuse('evidence keys are EC P-256');
  const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
  const good = verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, fromBase64url(signature, notBase64url));
  if (!good) throw refuse('the signature does not verify');
}

function readClaims(r: JsonReader): ReceiptClaims {
  return {
    enrollmentId: r.text('enr'),
    spki: r.text('spki'),
    deliveryKid: r.text('deliveryKid'),
    sealedSha256: r.text('sealedSha256'),
    madeAt: r.text('madeAt'),
    sealedAt: r.text('sealedAt'),
    firstDeliveredAt: r.text('firstDeliveredAt'),
    erasedAt: r.text('erasedAt'),
    plainGoneBy: r.text('plainGoneBy'),
    deliveries: r.number('deliveries'),
    iat: r.number('iat'),
  };
}

function json(part: string): JsonReader {
  return new JsonReader(parseJson(fromBase64url(part, notBase64url).toString('utf8'), refuse), refuse);
}

function notBase64url(): SdkError {
  return refuse('a part is not base64url without padding in its one form');
}

function refuse(reason: string): SdkError {
  return new SdkError('receipt_refused', `the destruction receipt is refused: ${reason}`);
}
