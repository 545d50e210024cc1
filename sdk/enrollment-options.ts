import type { DeliveryFormat, KeyType } from '../contract/key-types.ts';
import type { VirtualCard } from './card/virtual-card.ts';
import type { StepListener } from './step-event.ts';

/** Why the user is asked for the PIN again. */
export interface PinRefusal {
  /** `pin_incorrect`, `pin_retry_later`, `pin_too_weak`, `attempt_lost`, … of the service, or `pin_weak`, `pin_against_policy` of the SDK. */
  readonly code: string;
  readonly attemptsLeft: number | undefined;
  /** JSON time before which no further try is accepted: show it, and let the user enter the PIN only then. */
  readonly retryAt: string | undefined;
}

export interface PinPrompt {
  /** `setup`: the user chooses the PIN for all of their devices (ask twice). `verify`: the user enters the existing one. */
  readonly mode: 'setup' | 'verify';
  readonly policy: { readonly min: number; readonly max: number; readonly charset: 'digits' };
  /** Tries left, when the service has said so. */
  readonly attemptsLeft: number | undefined;
  /** Absent the first time. */
  readonly lastError: PinRefusal | undefined;
}

/** Shows the PIN screen; resolves with the digits. Rejecting (the user gave up) leaves the enrollment resumable. */
export type AskForPin = (prompt: PinPrompt) => Promise<string>;

/** What every flow needs. */
export interface FlowOptions {
  /** `https://…` of the Certificate Service, with or without a path, without a trailing query. */
  readonly baseUrl: string;
  /** PEM of the CA certificates that the TLS server is checked against; nothing else is trusted. */
  readonly tlsCa: string;
  /** PEM of the root certificates that certificates may chain to, compared byte for byte. They come with the app, never from the service. */
  readonly roots: readonly string[];
  readonly card: VirtualCard;
  readonly askForPin: AskForPin;
  /** Told of every finished step. An exception thrown here ends the flow as a crash would. */
  readonly onStep?: StepListener;
  /** Ends the flow between two calls; it can be resumed. */
  readonly signal?: AbortSignal;
}

export interface EnrollDeviceOptions extends FlowOptions {
  readonly enrollmentId: string;
  /** `cse_…`, from the Token Service. */
  readonly enrollmentToken: string;
  /** Type of the user key; default `EC:P-256`. */
  readonly keyType?: KeyType;
  /** Default `jwe`. */
  readonly deliveryFormat?: DeliveryFormat;
  /** Type of the SDK key that the service makes; default: the service follows the family of the user key. */
  readonly sdkKeyType?: KeyType;
}

export type ResumeEnrollmentOptions = FlowOptions;

/** The enrollment is complete: keys, certificates and receipt lie on the card. */
export interface Enrolled {
  readonly enrollmentId: string;
  /** PEM. */
  readonly userCertificate: string;
  /** PEM. */
  readonly sdkCertificate: string;
  /** Destruction receipt of the service, compact JWS; also on the card. */
  readonly receipt: string;
  /** False when the service's evidence keys could not be read just now: call `verifyStoredReceipt` later. */
  readonly receiptVerified: boolean;
}
