import { createPublicKey, ECDH } from 'node:crypto';
import { readDer } from '../core/asn1/read-der.ts';
import { readPkcs10 } from '../core/csr/read-pkcs10.ts';
import { readSpki } from '../core/keys/read-spki.ts';

/**
 * The SubjectPublicKeyInfo (DER) of a file: a public key, a certificate or a CSR, as PEM or DER. In the one encoding that the CSR gate
 * accepts, also when the file has a compressed point, so that equal keys have equal octets.
 * Throws a sentence for anything else: a key that no CSR could carry, and a private key, which does not belong here.
 */
export function readPublicKey(file: Buffer): Uint8Array {
  const text = file.toString('latin1');
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw new Error(
      'This file holds a private key. Give its public half: openssl pkey -pubout -in <file> -out <new file>. Or say its hash.',
    );
  const [, body] = /-----BEGIN [A-Z0-9 ]+-----([A-Za-z0-9+/=\s]+)-----END/.exec(text) ?? [];
  const der = body === undefined ? file : Buffer.from(body, 'base64');
  const spki = attempt(() => readPkcs10(readDer(der)).spki.octets) ?? attempt(() => keyOfCertificate(der)) ?? der;
  const found = attempt(() => inOneEncoding(spki));
  if (found === undefined)
    throw new Error(
      'The file holds no RSA, P-256 or P-384 public key, neither as such nor in a certificate or a CSR. Look with openssl pkey -pubin -text -noout -in <file>.',
    );
  return found;
}

/** By its place (RFC 5280 §4.1), from the raw octets: a KeyObject of a malformed key may end the process. */
function keyOfCertificate(der: Buffer): Uint8Array {
  const [tbs] = readDer(der).children;
  const members = tbs?.children.filter(({ tag }) => tag !== 0xa0) ?? [];
  const spki = members[5];
  if (tbs?.tag !== 0x30 || spki === undefined) throw new Error('not a certificate');
  return spki.raw;
}

function inOneEncoding(spki: Uint8Array): Uint8Array {
  const parts = readSpki(spki);
  if (parts.kind === 'rsa') return spki;
  if (!WRITTEN_AS.has(parts.point[0] ?? 0)) throw new Error('not a point');
  const point = Buffer.from(
    ECDH.convertKey(parts.point, CURVES[parts.curve], undefined, 'base64url', 'uncompressed').toString(),
    'base64url',
  );
  const half = (point.length - 1) / 2;
  const octets = (from: number) => point.subarray(from, from + half).toString('base64url');
  const key = createPublicKey({ key: { kty: 'EC', crv: parts.curve, x: octets(1), y: octets(1 + half) }, format: 'jwk' });
  return key.export({ type: 'spki', format: 'der' });
}

/** SEC 1 §2.3.3: compressed, compressed, uncompressed. */
const WRITTEN_AS = new Set([2, 3, 4]);
const CURVES = { 'P-256': 'prime256v1', 'P-384': 'secp384r1' } as const;

function attempt(read: () => Uint8Array): Uint8Array | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
