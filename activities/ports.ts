import type { EnrollmentId } from '../contract/ids.ts';
import type { DeliveryFormat, DeliveryKeyJwk, IssuingCaId, KeyType } from '../contract/key-types.ts';
import type { KeyRing } from '../core/key-ring.ts';
import type { CertificateConfig } from '../core/pki/prepare-certificate.ts';
import type { Signer } from '../core/pki/signer.ts';
import type { ErasureFacts } from '../store/acknowledge.ts';
import type { Database } from '../store/database.ts';

/** What the judgement of a CSR needs; both workers judge. */
export interface JudgingDeps {
  db: Database;
  challengeKeys: KeyRing;
  allowedKeyTypes: readonly KeyType[];
}

/** What the enrollment worker's activities need. It holds no CA key. */
export interface EnrollmentDeps extends JudgingDeps {
  maxCsrRefusals: number;
  maxAckRefusals: number;
  /** Signs a destruction receipt with the evidence key; compact JWS. */
  signReceipt: (facts: ErasureFacts) => Promise<string>;
}

/** What an SDK key is made for and sealed to. */
export interface SdkKeyOrder {
  keyType: KeyType;
  format: DeliveryFormat;
  enrollmentId: EnrollmentId;
  deliveryKey: DeliveryKeyJwk;
  deliveryKid: string;
}

/** A public key, and the private one sealed to the device: all that leaves the thread that made it. */
export interface MadeSdkKey {
  spki: Uint8Array<ArrayBuffer>;
  sealed: string;
  /** base64url SHA-256 of the ASCII of `sealed`. */
  sealedSha256: string;
  madeAt: Date;
  sealedAt: Date;
  /** When the exit of the thread that held the plaintext was seen. */
  plainGoneBy: Date;
}

/** What issuing needs; only the process that holds the CA keys has it. */
export interface IssuanceDeps extends JudgingDeps {
  makeSdkKey: (order: SdkKeyOrder) => Promise<MadeSdkKey>;
  signers: ReadonlyMap<IssuingCaId, Signer>;
  certificates: CertificateConfig;
  validity: { validityDays: number; backdateSeconds: number };
  /** How far this process's clock, which dates the making of keys, may be from the database's. */
  clockToleranceMs: number;
}
