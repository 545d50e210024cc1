import { oidText } from '../asn1/oid.ts';
import { DerError, type DerNode, readDer } from '../asn1/read-der.ts';
import { KeyRefused } from './key-refused.ts';
import { nameKeyAlgorithm } from './name-key-algorithm.ts';
import { refuseKeyOfTomorrow } from './refuse-key-of-tomorrow.ts';

/** The parts of a public key, read from raw octets: no OpenSSL object has seen them yet. */
export type PublicKeyParts =
  | { readonly kind: 'ec'; readonly curve: 'P-256' | 'P-384'; readonly point: Uint8Array; readonly offset: number }
  | { readonly kind: 'rsa'; readonly modulus: Uint8Array; readonly exponent: Uint8Array; readonly offset: number };

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const CURVES: ReadonlyMap<string, 'P-256' | 'P-384'> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
]);

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in the one encoding that each type has here, so that equal keys have equal octets:
 * EC with a named curve (RFC 5480 §2.1.1), RSA with NULL (RFC 3279 §2.3.1). The point and the size are judged elsewhere.
 * Throws `KeyRefused`: `key_type_not_taken_yet` and `key_type_cannot_sign` for algorithms known by name, `key_type_not_allowed` for others and other curves, `key_encoding` for anything malformed.
 */
export function readSpki(spki: Uint8Array): PublicKeyParts {
  try {
    return readParts(readDer(spki));
  } catch (error) {
    if (error instanceof DerError) throw new KeyRefused('key_encoding', `The public key holds ${error.reason}.`, error.offset);
    throw error;
  }
}

function readParts(spki: DerNode): PublicKeyParts {
  const [algorithm, key, ...rest] = spki.children;
  const [id, parameters, ...others] = algorithm?.children ?? [];
  if (spki.tag !== 0x30 || algorithm?.tag !== 0x30 || key?.tag !== 0x03 || rest.length > 0 || id?.tag !== 0x06 || others.length > 0) {
    throw new KeyRefused('key_encoding', 'The public key is not a SubjectPublicKeyInfo.', spki.offset);
  }
  if (key.content[0] !== 0) throw new KeyRefused('key_encoding', 'The key is not a whole number of octets.', key.offset);
  switch (oidText(id)) {
    case EC_PUBLIC_KEY:
      return { kind: 'ec', curve: namedCurve(parameters, algorithm.offset), point: key.content.subarray(1), offset: key.offset };
    case RSA_ENCRYPTION:
      if (parameters?.tag !== 0x05) throw new KeyRefused('key_encoding', 'rsaEncryption has NULL as parameters.', algorithm.offset);
      return rsaParts(key);
    default:
      refuseKeyOfTomorrow(id.raw, id.offset);
      throw new KeyRefused('key_type_not_allowed', algorithmDetail(oidText(id)), id.offset);
  }
}

function namedCurve(parameters: DerNode | undefined, offset: number): 'P-256' | 'P-384' {
  if (parameters?.tag !== 0x06) throw new KeyRefused('key_encoding', 'The parameters of the EC key are not a named curve.', offset);
  const curve = CURVES.get(oidText(parameters));
  if (curve === undefined) throw new KeyRefused('key_type_not_allowed', curveDetail(oidText(parameters)), parameters.offset);
  return curve;
}

function algorithmDetail(id: string): string {
  const name = nameKeyAlgorithm(id);
  const found = name === undefined ? 'The algorithm of the public key' : `The algorithm of the public key, ${name},`;
  return `${found} is neither id-ecPublicKey nor rsaEncryption: make an EC P-256 key.`;
}

function curveDetail(id: string): string {
  const name = nameKeyAlgorithm(id);
  return `The curve${name === undefined ? '' : `, ${name},`} is neither P-256 nor P-384: make an EC P-256 key.`;
}

function rsaParts(key: DerNode): PublicKeyParts {
  const inside = key.offset + key.headerLength + 1;
  const { tag, children } = innerDer(key.content.subarray(1), inside);
  const [modulus, exponent, ...rest] = children;
  if (tag !== 0x30 || modulus?.tag !== 0x02 || exponent?.tag !== 0x02 || rest.length > 0) {
    throw new KeyRefused('key_encoding', 'The key is not an RSAPublicKey.', inside);
  }
  return { kind: 'rsa', modulus: positive(modulus, inside), exponent: positive(exponent, inside), offset: inside };
}

function innerDer(bytes: Uint8Array, base: number): DerNode {
  try {
    return readDer(bytes);
  } catch (error) {
    if (error instanceof DerError) throw new DerError(base + error.offset, error.reason);
    throw error;
  }
}

/** Magnitude without the sign octet. */
function positive({ content, offset }: DerNode, base: number): Uint8Array {
  const first = content[0] ?? 0;
  if (first >= 0x80 || (first === 0 && content.length === 1)) {
    throw new KeyRefused('key_encoding', 'An INTEGER of the RSA key is not positive.', base + offset);
  }
  return first === 0 ? content.subarray(1) : content;
}
