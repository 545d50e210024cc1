import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { DeliveryKey } from '../csr/delivery-key.ts';
import { SdkError } from '../sdk-error.ts';

/** The sealed SDK key as the service delivered it, and everything that it must agree with. */
export interface SealedKey {
  /** Compact JWE, or base64 DER of CMS. */
  readonly value: string;
  readonly enrollmentId: string;
  readonly deliveryKey: DeliveryKey;
  /** b64u(SHA-256(SPKI of the SDK certificate)). */
  readonly spki: string;
}

/** Throws `sealed_key_refused`. Do not acknowledge, do not repeat: report the enrollment id to the operator. */
export function refuseSealedKey(reason: string): SdkError {
  return new SdkError('sealed_key_refused', `the sealed SDK key is refused: ${reason}`);
}

/** b64u(SHA-256(SubjectPublicKeyInfo)) of a key. */
export function spkiHash(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('base64url');
}
