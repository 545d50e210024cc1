import { readFileSync } from 'node:fs';
import type { DeliveryKeyJwk, KeyType } from '../contract/key-types.ts';
import type { SignatureForm } from '../sdk/csr/signature-form.ts';

/** One signature in every form that it has, and the request that it finishes. */
export interface SignatureVector {
  what: string;
  /** hex. An EC key has `raw` and `der`, an RSA key `pkcs1`. */
  raw?: string;
  der?: string;
  pkcs1?: string;
  /** base64 DER, and the same as PEM. */
  csr: string;
  pem: string;
}

export interface SignedElsewhereVector {
  keyType: KeyType;
  privateKey: string;
  publicKey: { spki: string; jwk: Record<string, string> };
  hash: 'SHA-256' | 'SHA-384';
  /** base64 of the octets to sign. */
  certificationRequestInfo: string;
  signatures: SignatureVector[];
}

export interface RefusedSignature {
  keyType: KeyType;
  form: SignatureForm;
  signature: string;
  reason: string;
}

/** `conformance/signed-elsewhere.json`. */
export interface SignedElsewhere {
  $schema: string;
  about: string;
  version: 1;
  challenge: string;
  deliveryKey: DeliveryKeyJwk;
  deliveryThumbprint: string;
  requests: SignedElsewhereVector[];
  refused: RefusedSignature[];
}

export const SIGNED_ELSEWHERE_FILE = new URL('./signed-elsewhere.json', import.meta.url);

/** Reads the vectors; a test holds them against `signed-elsewhere.schema.json`. */
export function readSignedElsewhere(): SignedElsewhere {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- our own file; a test holds it against its JSON schema
  const vectors: SignedElsewhere = JSON.parse(readFileSync(SIGNED_ELSEWHERE_FILE, 'utf8'));
  return vectors;
}
