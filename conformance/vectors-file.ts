import { readFileSync } from 'node:fs';
import type { DeliveryKeyJwk } from '../contract/key-types.ts';

export interface PinHashVector {
  pin: string;
  params: { v: number; alg: string; m: number; t: number; p: number; len: number; kid: string; salt: string };
  value: string;
}

export interface CsrVector {
  keyType: 'EC:P-256' | 'RSA:2048';
  privateKey: string;
  /** base64 DER of the SPKI. */
  spki: string;
  /** hex of the attributes field, `a0 …`, in DER SET OF order. */
  attributes: string;
  /** base64 of what the signature covers. */
  certificationRequestInfo: string;
  /** Complete request, base64 DER. The RSA signature is deterministic, the ECDSA one is only verified. */
  der: string;
  pem: string;
}

export interface CredentialVector {
  keyType: 'EC:P-256' | 'RSA:2048';
  /** PEM of the SDK key; the test key plays the role of the one that the service makes. */
  sdkPrivateKey: string;
  sdkCertificate: string;
  userCertificate: string;
  /** PEM: issuing CA, root. */
  chain: string[];
  /** base64 of the sealed plaintext: PKCS#8 v1 DER. */
  plaintext: string;
  /** b64u(SHA-256(SPKI of the SDK certificate)). */
  spki: string;
  jwe: { ephemeralKey: string; nonce: string; header: string; contentKey: string; value: string; sha256: string };
  cms: {
    ephemeralKey: string;
    nonce: string;
    contentKey: string;
    ukm: string;
    recipientKeyId: string;
    wrappingKey: string;
    value: string;
    sha256: string;
  };
  /** Over the JWE. RS256 is deterministic, ES256 only verified. */
  ackProof: { header: string; claims: string; jws: string };
}

/** `conformance/vectors.json`. Octets are lower-case hex unless said otherwise; keys are PEM (PKCS#8) and for tests only. */
export interface Vectors {
  $schema: string;
  about: string;
  version: 1;
  enrollment: { enrollmentId: string; userId: string; deviceId: string; tokenId: string; now: string };
  pinSalt: { kid: string; key: string; userId: string; message: string; salt: string };
  pinHashes: PinHashVector[];
  pinPepper: { kid: string; key: string; userId: string; value: string; message: string; pre: string };
  enrollmentToken: { kid: string; key: string; salt: string; message: string; token: string };
  challenge: { kid: string; key: string; expiresAt: string; message: string; value: string };
  deliveryKey: { privateKey: string; jwk: DeliveryKeyJwk; thumbprintInput: string; thumbprint: string; kid: string };
  csrs: CsrVector[];
  root: string;
  credentials: CredentialVector[];
  receipt: { privateKey: string; jwks: { keys: Record<string, string>[] }; header: string; claims: string; jws: string };
  /** The CA keys behind the certificates, so that others can make more. */
  testCa: { root: string; issuingEc: string; issuingRsa: string };
}

export const VECTORS_FILE = new URL('./vectors.json', import.meta.url);

/** Reads the vectors; a test holds them against `vectors.schema.json`. */
export function readVectors(): Vectors {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- our own file; a test holds it against its JSON schema
  const vectors: Vectors = JSON.parse(readFileSync(VECTORS_FILE, 'utf8'));
  return vectors;
}
