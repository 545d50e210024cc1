import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** Signs receipts, audit checkpoints and timelines. */
export interface EvidenceKey {
  /** RFC 7638 thumbprint of the public key, 43 base64url characters. */
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** What `/.well-known/cs-evidence-jwks.json` lists. A type, not an interface: it is stored as JSON. */
export type EvidenceJwk = { kty: 'EC'; crv: 'P-256'; x: string; y: string; kid: string; alg: 'ES256'; use: 'sig' };

/** Reads the evidence key from PKCS#8 PEM. Throws a sentence, without the text, when it is not an EC P-256 private key in that form. */
export function openEvidenceKey(pem: string): EvidenceKey {
  const privateKey = toPrivateKey(pem);
  return { kid: publicPart(privateKey).kid, privateKey };
}

/** The public half with its key id; never the private one. */
export function publicEvidenceJwk({ privateKey }: EvidenceKey): EvidenceJwk {
  return publicPart(privateKey);
}

function toPrivateKey(pem: string): KeyObject {
  if (!/^-----BEGIN PRIVATE KEY-----\r?\n/.test(pem.trimStart())) throw notTheKey();
  try {
    return createPrivateKey(pem);
  } catch {
    throw notTheKey();
  }
}

function publicPart(privateKey: KeyObject): EvidenceJwk {
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw notTheKey();
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) throw notTheKey();
  // RFC 7638 §3.2: the required members in lexicographic order.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' };
}

function notTheKey(): Error {
  return new Error(
    'The evidence key must be an EC P-256 private key in unencrypted PKCS#8 PEM (BEGIN PRIVATE KEY): openssl pkcs8 -topk8 -nocrypt -in <file> -out <new file>.',
  );
}
