import type { EnrollmentId } from '../../contract/ids.ts';
import type { DeliveryFormat, DeliveryKeyJwk, KeyType } from '../../contract/key-types.ts';

/** What the thread is asked for. */
export interface KeyOrder {
  readonly keyType: KeyType;
  readonly format: DeliveryFormat;
  readonly enrollmentId: EnrollmentId;
  /** Checked by the CSR gate. */
  readonly deliveryKey: DeliveryKeyJwk;
  /** RFC 7638 thumbprint of the delivery key, 43 base64url characters. */
  readonly deliveryKid: string;
}

/** All that ever leaves the thread: a public key, a sealed one, and when they were made. */
export interface SealedSdkKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array<ArrayBuffer>;
  /** Compact JWE, or base64 of the CMS DER. */
  readonly sealed: string;
  /** base64url SHA-256 of the ASCII of `sealed`. */
  readonly sealedSha256: string;
  /** `process.hrtime.bigint()`, one clock for all threads of a process: the thread has no other. */
  readonly madeNs: bigint;
  readonly sealedNs: bigint;
}

export type ThreadAnswer = { readonly ok: true; readonly key: SealedSdkKey } | { readonly ok: false; readonly reason: string };

/** One order to a thread. */
export interface ThreadCall {
  readonly order: KeyOrder;
  /** `process.hrtime.bigint()` at which the thread ends itself, whatever its parent does; the first call sets it. */
  readonly endsNs: bigint;
}
