import { createHash } from 'node:crypto';
import type { EnrollmentId } from '../../contract/ids.ts';
import type { DeliveryKeyJwk } from '../../contract/key-types.ts';

/** What a sealed key is bound to, in both formats. */
export interface SealingRequest {
  readonly enrollmentId: EnrollmentId;
  /** SubjectPublicKeyInfo of the SDK key, DER. */
  readonly spki: Uint8Array;
  /** The SDK key, PKCS#8 v1 DER (RFC 5208); EC with its public key. The caller wipes it. */
  readonly pkcs8: Uint8Array;
  readonly deliveryKey: DeliveryKeyJwk;
  /** RFC 7638 thumbprint of the delivery key, 43 base64url characters. */
  readonly deliveryKid: string;
}

/** Randomness of one sealing: the conformance vectors pass it in, otherwise it is fresh and used once. */
export interface SealingRandomness {
  /** EC P-256 private key, PKCS#8 DER. */
  readonly ephemeralPkcs8: Uint8Array;
  /** 12 octets. */
  readonly nonce: Uint8Array;
  /** 32 octets; CMS only: JWE derives its key (RFC 7518 §4.6). */
  readonly contentKey: Uint8Array;
}

/** base64url SHA-256 of the SPKI, as it stands in the JWE header and in the CMS ukm. */
export function spkiDigest(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('base64url');
}
