import { createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyType } from '../../contract/key-types.ts';
import { DerReader } from '../der/read-der.ts';
import { bitString, NULL, objectIdentifier, sequence, unsignedInteger } from '../der/write-der.ts';
import { SdkError } from '../sdk-error.ts';

/** The user key's public half as platforms give it: SubjectPublicKeyInfo as DER, or a JWK (RFC 7518 §6; members that are not named here mean nothing). */
export type GivenPublicKey = { readonly spki: Uint8Array } | { readonly jwk: Readonly<Record<string, unknown>> };

export interface PublicUserKey {
  readonly type: KeyType;
  readonly spki: Buffer;
  readonly key: KeyObject;
}

const RSA_ALGORITHM = sequence(objectIdentifier('1.2.840.113549.1.1.1'), NULL);
const RSA_TYPES: readonly KeyType[] = ['RSA:2048', 'RSA:3072', 'RSA:4096'];
/** All that stands before x ‖ y: named curve, uncompressed point (protocol §3). */
const CURVES = [
  { type: 'EC:P-256', crv: 'P-256', size: 32, head: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex') },
  { type: 'EC:P-384', crv: 'P-384', size: 48, head: Buffer.from('3076301006072a8648ce3d020106052b8104002203620004', 'hex') },
] as const;

/** Reads a key of the types and in the encoding that the service takes. Throws `configuration`. */
export function readPublicKey(given: GivenPublicKey): PublicUserKey {
  const spki = 'spki' in given ? Buffer.from(given.spki) : spkiOf(given.jwk);
  const type = ecType(spki) ?? rsaType(spki);
  if (type === undefined) throw refuse('SPKI', FORMS);
  return { type, spki, key: imported(spki) };
}

const FORMS =
  'give DER of an EC P-256 or P-384 key (named curve, uncompressed point), or of an RSA key of 2048, 3072 or 4096 bits (NULL, e = 65537)';

function ecType(spki: Buffer): KeyType | undefined {
  return CURVES.find(({ head, size }) => spki.length === head.length + 2 * size && spki.subarray(0, head.length).equals(head))?.type;
}

function rsaType(spki: Buffer): KeyType | undefined {
  try {
    const info = new DerReader(DerReader.one(spki, 0x30).content);
    if (!info.next(0x30).encoding.equals(RSA_ALGORITHM)) return undefined;
    const modulus = new DerReader(DerReader.one(info.next(0x03).content.subarray(1), 0x30).content).next(0x02).content;
    const n = modulus[0] === 0 ? modulus.subarray(1) : modulus;
    // The highest bit set, and the very octets that we would write: one encoding, nothing behind it.
    return (n[0] ?? 0) >= 0x80 && rsaSpki(n).equals(spki) ? RSA_TYPES.find((type) => type === `RSA:${n.length * 8}`) : undefined;
  } catch {
    return undefined;
  }
}

function imported(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch (error) {
    throw refuse('point', 'it is not on its curve: give the public key as the key store exports it', { cause: error });
  }
}

function spkiOf(jwk: Readonly<Record<string, unknown>>): Buffer {
  // Models write null for what is unset: that is no private key.
  if ((jwk['d'] ?? undefined) !== undefined)
    throw refuse('JWK', 'it holds a private key (`d`): give kty, crv, x, y or kty, n, e alone, and keep the rest where it is');
  if (jwk['kty'] === 'RSA') return rsaJwk(jwk);
  const curve = CURVES.find(({ crv }) => jwk['kty'] === 'EC' && jwk['crv'] === crv);
  if (curve === undefined) throw refuse('JWK', '`kty` and `crv` must be EC with P-256 or P-384, or `kty` RSA');
  return Buffer.concat([curve.head, coordinate(jwk, 'x', curve.size), coordinate(jwk, 'y', curve.size)]);
}

function rsaJwk(jwk: Readonly<Record<string, unknown>>): Buffer {
  if (jwk['e'] !== 'AQAB') throw refuse('JWK', '`e` must be AQAB (65537)');
  return rsaSpki(base64urlMember(jwk, 'n'));
}

function rsaSpki(modulus: Uint8Array): Buffer {
  return sequence(RSA_ALGORITHM, bitString(sequence(unsignedInteger(modulus), unsignedInteger(Buffer.from([1, 0, 1])))));
}

/** Coordinates keep their leading zeros (RFC 7518 §6.2.1.2). */
function coordinate(jwk: Readonly<Record<string, unknown>>, name: 'x' | 'y', size: number): Buffer {
  const octets = base64urlMember(jwk, name);
  if (octets.length !== size) throw refuse('JWK', `\`${name}\` has ${octets.length} octets, this curve has ${size}: keep leading zeros`);
  return octets;
}

function base64urlMember(jwk: Readonly<Record<string, unknown>>, name: string): Buffer {
  const text = jwk[name];
  const octets = Buffer.from(typeof text === 'string' ? text : '', 'base64url');
  if (text === '' || octets.toString('base64url') !== text) throw refuse('JWK', `\`${name}\` must be base64url without padding`);
  return octets;
}

function refuse(place: string, sentence: string, options?: ErrorOptions): SdkError {
  return new SdkError('configuration', `public key (${place}): ${sentence}`, options);
}
