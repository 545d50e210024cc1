import type { KeyType } from '../../contract/key-types.ts';
import { assertNever } from '../../contract/states.ts';
import { DerError, type DerNode, readDer } from '../asn1/read-der.ts';
import { NULL, oid, sequence } from '../asn1/write-der.ts';
import { sameOctets } from './octets.ts';
import { OID } from './oids.ts';

/**
 * Whether a SubjectPublicKeyInfo really is of the type that its row names: extensions and issuer are chosen by the name. Looks at
 * the bytes only, so that no hostile key reaches OpenSSL here. Pure.
 */
export function hasKeyType(spki: Uint8Array, type: KeyType): boolean {
  try {
    const [algorithm, key, ...more] = readDer(spki).children;
    if (algorithm === undefined || key?.tag !== 0x03 || more.length > 0) return false;
    return sameOctets(algorithm.raw, ALGORITHMS[type]) && isKey(key.content.subarray(1), type);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

const RSA = sequence(oid(OID.rsaEncryption), NULL);

const ALGORITHMS: Readonly<Record<KeyType, Uint8Array>> = {
  'EC:P-256': sequence(oid(OID.ecPublicKey), oid(OID.prime256v1)),
  'EC:P-384': sequence(oid(OID.ecPublicKey), oid(OID.secp384r1)),
  'RSA:2048': RSA,
  'RSA:3072': RSA,
  'RSA:4096': RSA,
};

function isKey(octets: Uint8Array, type: KeyType): boolean {
  switch (type) {
    case 'EC:P-256':
      return isUncompressedPoint(octets, 32);
    case 'EC:P-384':
      return isUncompressedPoint(octets, 48);
    case 'RSA:2048':
      return isRsaKey(readDer(octets), 2048);
    case 'RSA:3072':
      return isRsaKey(readDer(octets), 3072);
    case 'RSA:4096':
      return isRsaKey(readDer(octets), 4096);
    default:
      return assertNever(type);
  }
}

/** RFC 5480 §2.2: 04 ‖ x ‖ y. */
function isUncompressedPoint(octets: Uint8Array, coordinateLength: number): boolean {
  return octets.length === 1 + 2 * coordinateLength && octets[0] === 0x04;
}

/** RFC 8017 A.1.1, with a modulus whose top bit is set (hence one zero octet before it) and e = 65537. */
function isRsaKey({ tag, children }: DerNode, bits: number): boolean {
  const [modulus, exponent, ...more] = children;
  if (tag !== 0x30 || modulus === undefined || exponent === undefined || more.length > 0) return false;
  const full = modulus.content.length === bits / 8 + 1 && modulus.content[0] === 0x00;
  return full && sameOctets(exponent.raw, Uint8Array.of(0x02, 0x03, 0x01, 0x00, 0x01));
}
