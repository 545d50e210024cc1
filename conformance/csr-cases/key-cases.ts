import { generateKeyPairSync, sign } from 'node:crypto';
import { type CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';
import { bitString, integer, NULL, octetString, oid, sequence } from '../../core/asn1/write-der.ts';
import { ALGORITHM, ecSpki, type Pieces, p384, rsaSpki, spkiOf } from './build-request.ts';
import { bySha256, type Case, fromPieces } from './refusal-case.ts';
import { closePrimesModulus, rocaModulus, soundModulus, squareModulus } from './rsa-moduli.ts';

const p521 = generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey;
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const ed448 = generateKeyPairSync('ed448').privateKey;
const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const [x, y] = coordinates();

/** The key policy. */
export const KEY_CASES = {
  key_type_not_taken_yet: [
    fromPieces(
      'Ed25519 by itself',
      ownAlgorithm(spkiOf(ed25519), '1.3.101.112', (info) => sign(null, info, ed25519)),
      'RFC 8410 §3',
    ),
    fromPieces('Ed25519 with an ECDSA signature', { spki: spkiOf(ed25519) }, 'RFC 8410 §3'),
    fromPieces(
      'Ed448 by itself',
      ownAlgorithm(spkiOf(ed448), '1.3.101.113', (info) => sign(null, info, ed448)),
      'RFC 8410 §3',
    ),
    fromPieces('ML-DSA-44', keyOfTomorrow('2.16.840.1.101.3.4.3.17', 1_312, 2_420), 'FIPS 204 §4'),
    fromPieces('ML-DSA-65', keyOfTomorrow('2.16.840.1.101.3.4.3.18', 1_952, 3_309), 'FIPS 204 §4'),
    fromPieces('ML-DSA-87', keyOfTomorrow('2.16.840.1.101.3.4.3.19', 2_592, 4_627), 'FIPS 204 §4'),
    fromPieces('SLH-DSA-SHA2-128s', keyOfTomorrow('2.16.840.1.101.3.4.3.20', 32, 7_856), 'FIPS 205 §11'),
    fromPieces('SLH-DSA-SHAKE-256f, its signature cut short', keyOfTomorrow('2.16.840.1.101.3.4.3.31', 64, 64), 'FIPS 205 §11'),
  ],
  key_type_cannot_sign: [
    fromPieces('an X25519 key', { spki: spkiOfTomorrow('1.3.101.110', 32) }, 'RFC 8410 §3'),
    fromPieces('an X448 key', { spki: spkiOfTomorrow('1.3.101.111', 56) }, 'RFC 8410 §3'),
    fromPieces('ML-KEM-512', { spki: spkiOfTomorrow('2.16.840.1.101.3.4.4.1', 800) }, 'FIPS 203 §8'),
    fromPieces('ML-KEM-768', { spki: spkiOfTomorrow('2.16.840.1.101.3.4.4.2', 1_184) }, 'FIPS 203 §8'),
    fromPieces('ML-KEM-1024', { spki: spkiOfTomorrow('2.16.840.1.101.3.4.4.3', 1_568) }, 'FIPS 203 §8'),
  ],
  key_type_not_allowed: [
    fromPieces('P-521', { key: p521 }),
    fromPieces('secp256k1', { key: k256 }),
    fromPieces('RSASSA-PSS', { spki: sequence(sequence(oid('1.2.840.113549.1.1.10')), bitString(Uint8Array.of(4))) }),
    fromPieces('brainpoolP256r1', { spki: ecSpki(Uint8Array.of(4, ...x, ...y), '1.3.36.3.3.2.8.1.1.7') }),
    fromPieces('P-224', { spki: ecSpki(Uint8Array.of(4), '1.3.132.0.33') }),
    fromPieces('an ECDH-only key', {
      spki: sequence(sequence(oid('1.3.132.1.12'), oid('1.2.840.10045.3.1.7')), bitString(Uint8Array.of(4, ...x, ...y))),
    }),
    fromPieces('a DSA key', { spki: sequence(sequence(oid('1.2.840.10040.4.1')), bitString(integer(5))) }),
    fromPieces('4097 bits', { ...bySha256, spki: rsaSpki((1n << 4096n) + 1n) }),
    fromPieces('2056 bits', { ...bySha256, spki: rsaSpki((1n << 2055n) + 1n) }),
    fromPieces('8192 bits', { ...bySha256, spki: rsaSpki((1n << 8191n) + 1n) }),
  ],
  key_encoding: [
    fromPieces('explicit curve parameters', {
      spki: sequence(sequence(oid('1.2.840.10045.2.1'), sequence(integer(1))), bitString(Uint8Array.of(4))),
    }),
    fromPieces('a third member of the algorithm', {
      spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'), NULL), bitString(Uint8Array.of(4, ...x, ...y))),
    }),
    fromPieces('no curve', { spki: sequence(sequence(oid('1.2.840.10045.2.1')), bitString(Uint8Array.of(4))) }),
    fromPieces('RSA without NULL', { spki: sequence(sequence(oid('1.2.840.113549.1.1.1')), bitString(sequence(integer(3), integer(3)))) }),
    fromPieces('a negative modulus', { spki: rsaSpki(-(1n << 2047n) + 1n) }),
    fromPieces('modulus 0', { spki: rsaSpki(0n) }),
    fromPieces('octets after the RSAPublicKey', {
      spki: sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(Buffer.concat([sequence(integer(3), integer(3)), NULL]))),
    }),
    fromPieces('three numbers', {
      spki: sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(sequence(integer(3), integer(3), integer(3)))),
    }),
    fromPieces('unused bits', {
      spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bitString(Uint8Array.of(4, 0), 1)),
    }),
    fromPieces('NULL as curve', { spki: sequence(sequence(oid('1.2.840.10045.2.1'), NULL), bitString(Uint8Array.of(4))) }),
    fromPieces('exponent 0', { spki: rsaSpki(soundModulus(), 0n) }),
    fromPieces('a negative exponent', { spki: rsaSpki(soundModulus(), -3n) }),
    fromPieces(
      'a modulus that is not minimal',
      {
        spki: sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(sequence(Uint8Array.of(2, 2, 0, 3), integer(3)))),
      },
      'X.690 §8.3.2',
    ),
    fromPieces(
      'an RSA key that is not DER',
      { spki: sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(Uint8Array.of(0x30, 0x80, 0, 0))) },
      'X.690 §10.1',
    ),
    fromPieces('an OCTET STRING as key', {
      spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), octetString(Uint8Array.of(4, ...x, ...y))),
    }),
    fromPieces('an octet after the key', {
      spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bitString(Uint8Array.of(4, ...x, ...y)), NULL),
    }),
    fromPieces('an empty SEQUENCE', { spki: sequence() }),
  ],
  key_point_compressed: [
    fromPieces('02 and x', { spki: ecSpki(Uint8Array.of(2, ...x)) }),
    fromPieces('03 and x', { spki: ecSpki(Uint8Array.of(3, ...x)) }),
  ],
  key_point_invalid: [
    fromPieces('the prefix alone', { spki: ecSpki(Uint8Array.of(4)) }),
    fromPieces('a wrong prefix', { spki: ecSpki(Uint8Array.of(5, ...x, ...y)) }),
    fromPieces('no octet', { spki: ecSpki(new Uint8Array()) }),
    fromPieces('x and y swapped', { spki: ecSpki(Uint8Array.of(4, ...y, ...x)) }),
    fromPieces('a hybrid form', { spki: ecSpki(Uint8Array.of(6, ...x, ...y)) }),
    fromPieces('a lost octet', { spki: ecSpki(Uint8Array.of(4, ...x.subarray(1), ...y)) }),
    fromPieces('a P-256 point called P-384', { spki: ecSpki(Uint8Array.of(4, ...x, ...y), '1.3.132.0.34') }),
    fromPieces('x above the field', { spki: ecSpki(Uint8Array.of(4, ...new Uint8Array(32).fill(0xff), ...y)) }),
    fromPieces('an octet too many', { spki: ecSpki(Uint8Array.of(4, ...x, ...y, 0)) }),
    fromPieces('a point of P-384 called P-256', { spki: ecSpki(spkiOf(p384).subarray(-97)) }),
    fromPieces('the negative y less one', { spki: ecSpki(Uint8Array.of(4, ...x, ...y.subarray(0, 31), (y[31] ?? 0) ^ 1)) }),
    fromPieces('the raw 64 octets of x and y', { spki: ecSpki(Uint8Array.of(...x, ...y)) }),
    fromPieces('y = 0', { spki: ecSpki(Uint8Array.of(4, ...x, ...new Uint8Array(32))) }),
    fromPieces('zero', { spki: ecSpki(Uint8Array.of(4, ...new Uint8Array(64))) }),
  ],
  key_weak_rsa_size: [
    fromPieces('1024 bits', { key: rsa1024, algorithm: ALGORITHM.rs256 }),
    fromPieces('2047 bits in 256 octets', { ...bySha256, spki: rsaSpki((1n << 2046n) + 1n) }),
    fromPieces('512 bits', { ...bySha256, spki: rsaSpki((1n << 511n) + 1n) }),
    fromPieces('modulus 1', { ...bySha256, spki: rsaSpki(1n) }),
  ],
  key_weak_exponent: [1n, 2n, 3n, 5n, 17n, 35n, 65_535n, 65_536n, 65_539n, (1n << 32n) + 1n, (1n << 256n) + 1n].map((e) =>
    fromPieces(`e = ${e}`, { ...bySha256, spki: rsaSpki(soundModulus(), e) }),
  ),
  key_weak_factor: [
    fromPieces('an even modulus', { ...bySha256, spki: rsaSpki(1n << 2047n) }),
    ...[3n, 101n, 7_907n].map((prime) => fromPieces(`a factor ${prime}`, { ...bySha256, spki: rsaSpki(multipleOf(prime)) })),
    fromPieces('a factor 7919, the thousandth prime', { ...bySha256, spki: rsaSpki(multipleOf(7_919n)) }),
  ],
  key_weak_roca: [fromPieces('the fingerprint', { ...bySha256, spki: rsaSpki(rocaModulus()) })],
  key_weak_close_primes: [
    fromPieces('neighbouring primes', { ...bySha256, spki: rsaSpki(closePrimesModulus(1n)) }),
    fromPieces('found after fifty rounds', { ...bySha256, spki: rsaSpki(closePrimesModulus(50n)) }),
    fromPieces('the square of a prime', { ...bySha256, spki: rsaSpki(squareModulus()) }),
    fromPieces('found in the last rounds', { ...bySha256, spki: rsaSpki(closePrimesModulus(100n)) }),
  ],
} satisfies Partial<Record<CsrRefusalCode, Case[]>>;

/** A request whose key and signature algorithm are the same one, as such keys have it. */
function ownAlgorithm(spki: Uint8Array, id: string, signature: (info: Uint8Array) => Uint8Array): Pieces {
  return { spki, algorithm: sequence(oid(id)), signature };
}

/** The sizes of the algorithm, and zeros: nothing here can make such a key. */
function keyOfTomorrow(id: string, keyOctets: number, signatureOctets: number): Pieces {
  return ownAlgorithm(spkiOfTomorrow(id, keyOctets), id, () => new Uint8Array(signatureOctets));
}

function spkiOfTomorrow(id: string, octets: number): Uint8Array {
  return sequence(sequence(oid(id)), bitString(new Uint8Array(octets)));
}

function coordinates(): [Buffer, Buffer] {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ format: 'jwk' });
  return [Buffer.from(jwk.x ?? '', 'base64url'), Buffer.from(jwk.y ?? '', 'base64url')];
}

function multipleOf(prime: bigint): bigint {
  const odd = ((1n << 2047n) / prime + 1n) | 1n;
  let factor = odd;
  while ([3n, 5n, 7n, 11n].some((small) => factor % small === 0n)) factor += 2n;
  return factor * prime;
}
