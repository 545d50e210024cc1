import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

export interface EvidenceKey {
  /** RFC 7638 thumbprint of the public key. */
  kid: string;
  privateKey: KeyObject;
  publicJwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string; kid: string; alg: 'ES256'; use: 'sig' };
}

/** Reads the key that signs destruction receipts. Throws a sentence when it is not an EC P-256 private key. */
export function openEvidenceKey(pem: string): EvidenceKey {
  const privateKey = createPrivateKey(pem);
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) throw new Error('The evidence key must be an EC P-256 private key in PKCS#8 PEM.');
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return { kid, privateKey, publicJwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } };
}
