import type { KeyType } from '../../contract/key-types.ts';
import { DerError, DerReader } from '../der/read-der.ts';
import { sequence, unsignedInteger } from '../der/write-der.ts';
import { SdkError } from '../sdk-error.ts';

/**
 * - `raw`: r ‖ s, each as long as the curve's order (WebCrypto, JWS, PointyCastle's two numbers with their leading zeros).
 * - `der`: ECDSA-Sig-Value, RFC 3279 §2.2.3 (Android Keystore, SecKeyCreateSignature, OpenSSL).
 * - `pkcs1`: RSA signature PKCS#1 v1.5, as long as the modulus (RFC 8017 §8.2).
 */
export type SignatureForm = 'raw' | 'der' | 'pkcs1';

interface Given {
  readonly keyType: KeyType;
  readonly signature: Buffer;
  readonly form: SignatureForm;
}

/** FIPS 186-5, SP 800-186 §3.2.1: order n of the base point, and its octets. */
const ORDERS = {
  'EC:P-256': { size: 32, n: BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551') },
  'EC:P-384': {
    size: 48,
    n: BigInt('0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'),
  },
};

/** Content of the BIT STRING `signature`. Throws `signature_refused`. */
export function signatureOctets(given: Given): Buffer {
  switch (given.keyType) {
    case 'EC:P-256':
    case 'EC:P-384':
      return ecdsaSigValue(given, ORDERS[given.keyType]);
    case 'RSA:2048':
    case 'RSA:3072':
    case 'RSA:4096':
      return rsaSignature(given, Number(given.keyType.slice(4)) / 8);
  }
}

function ecdsaSigValue(given: Given, order: { size: number; n: bigint }): Buffer {
  if (given.form === 'pkcs1') throw refuse(given, 'this is an EC key: give form raw or der');
  const [r, s] = given.form === 'raw' ? splitRaw(given, order.size) : splitDer(given);
  for (const [name, octets] of [
    ['r', r],
    ['s', s],
  ] as const) {
    const value = BigInt(`0x0${octets.toString('hex')}`);
    if (value === 0n || value >= order.n) throw refuse(given, `${name} is not between 1 and n - 1: the signer or a copy damaged it`);
  }
  const canonical = sequence(unsignedInteger(r), unsignedInteger(s));
  if (given.form === 'der' && !canonical.equals(given.signature))
    throw refuse(given, 'r or s is negative or has needless leading zeros: DER has one encoding (X.690 §8.3)');
  return canonical;
}

function splitRaw({ signature, ...rest }: Given, size: number): [Buffer, Buffer] {
  if (signature.length === 2 * size) return [signature.subarray(0, size), signature.subarray(size)];
  throw refuse(
    { signature, ...rest },
    `r ‖ s has ${2 * size} octets (each padded with zeros to ${size}), ${signature.length} were given; of another form say so`,
  );
}

function splitDer(given: Given): [Buffer, Buffer] {
  try {
    const value = new DerReader(DerReader.one(given.signature, 0x30).content);
    const [r, s] = [value.next(0x02).content, value.next(0x02).content];
    value.end();
    return [r, s];
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw refuse(given, `SEQUENCE of two INTEGERs expected, ${error.message}; for r ‖ s say raw`);
  }
}

function rsaSignature(given: Given, size: number): Buffer {
  if (given.form !== 'pkcs1') throw refuse(given, 'this is an RSA key: give form pkcs1');
  if (given.signature.length === size) return given.signature;
  throw refuse(given, `it has as many octets as the modulus, ${size}; ${given.signature.length} were given`);
}

function refuse({ keyType, form }: Given, sentence: string): SdkError {
  return new SdkError('signature_refused', `signature of form ${form} for ${keyType}: ${sentence}`);
}
