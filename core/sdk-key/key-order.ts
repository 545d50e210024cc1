import type { EnrollmentId } from '../../contract/ids.ts';
import type { DeliveryFormat, DeliveryKeyJwk, KeyType } from '../../contract/key-types.ts';

/** What the thread is asked for. */
export interface KeyOrder {
  keyType: KeyType;
  format: DeliveryFormat;
  enrollmentId: EnrollmentId;
  deliveryKey: DeliveryKeyJwk;
  deliveryKid: string;
}

/** All that ever leaves the thread: a public key and a sealed one. */
export interface SealedSdkKey {
  spki: Uint8Array<ArrayBuffer>;
  sealed: string;
  sealedSha256: string;
}

export type ThreadAnswer = { ok: true; key: SealedSdkKey } | { ok: false; reason: string };
