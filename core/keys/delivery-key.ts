import { createHash } from 'node:crypto';
import type { DeliveryKeyJwk } from '../../contract/key-types.ts';
import { bitString, oid, sequence } from '../asn1/write-der.ts';
import { isOnCurve, P256 } from './curve.ts';
import { KeyRefused } from './key-refused.ts';
import { holdsPrivateKey } from './private-key-text.ts';

/** Private parts of EC, OKP, RSA and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Reads the public JWK to which the SDK key is sealed: exactly kty, crv, x, y; P-256; canonical base64url of 32 octets; on the curve.
 * Pure, may be repeated. Throws `KeyRefused`: `delivery_key_private_sent` when there is a private member that is not null, or a private key as the value of one, else `delivery_key_invalid`.
 */
export function parseDeliveryKey(value: unknown): DeliveryKeyJwk {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('deliveryKey is not an object.');
  const members: [string, unknown][] = Object.entries(value);
  if (members.some(([name, member]) => PRIVATE_MEMBERS.includes(name) && member !== null))
    throw new KeyRefused('delivery_key_private_sent', 'deliveryKey holds a private key.');
  if (members.some(([, member]) => typeof member === 'string' && holdsPrivateKey(member)))
    throw new KeyRefused('delivery_key_private_sent', 'A member of deliveryKey holds a private key.');
  requireNoNull(members);
  if (Object.keys(value).toSorted().join() !== 'crv,kty,x,y') throw invalid('deliveryKey has other members than kty, crv, x, y.');
  if (!('kty' in value && 'crv' in value && 'x' in value && 'y' in value)) throw invalid('deliveryKey lacks a member.');
  if (value.kty !== 'EC' || value.crv !== 'P-256') throw invalid('deliveryKey is not of kty EC and crv P-256.');
  const x = coordinate(value.x, 'x');
  const y = coordinate(value.y, 'y');
  if (!isOnCurve(P256, Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'))) throw invalid('x and y are not a point on P-256.');
  return { kty: 'EC', crv: 'P-256', x, y };
}

/** RFC 7638 §3 thumbprint by SHA-256: 32 octets (under the CSR's signature) and the same as 43 characters of base64url (`kid`). */
export function deliveryKeyThumbprint({ crv, kty, x, y }: DeliveryKeyJwk): { octets: Uint8Array; text: string } {
  const digest = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest();
  return { octets: new Uint8Array(digest), text: digest.toString('base64url') };
}

/** SHA-256 of its SubjectPublicKeyInfo (RFC 5480 §2), hex: the name by which keys of every use are compared. */
export function deliverySpkiSha256({ x, y }: DeliveryKeyJwk): string {
  const point = Buffer.concat([Uint8Array.of(0x04), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return createHash('sha256')
    .update(sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bitString(point)))
    .digest('hex');
}

/** Models write null for what is unset: no secret was sent, and the name says which member to take out or to fill. */
function requireNoNull(members: readonly [name: string, value: unknown][]): void {
  const [name] = members.find(([, value]) => value === null) ?? [];
  if (name === undefined) return;
  if (['kty', 'crv', 'x', 'y'].includes(name)) throw invalid(`${name} is null: give it its value.`);
  throw invalid(`${/^[\w#-]{1,32}$/.test(name) ? name : 'A member of deliveryKey'} is null: leave it out.`);
}

function coordinate(value: unknown, name: 'x' | 'y'): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(value))
    throw invalid(`${name} is not 32 octets as base64url without padding.`);
  // Spare bits must be zero, else one key has several texts and thumbprints.
  if (Buffer.from(value, 'base64url').toString('base64url') !== value) throw invalid(`${name} is not canonical base64url.`);
  return value;
}

function invalid(detail: string): KeyRefused {
  return new KeyRefused('delivery_key_invalid', detail);
}
