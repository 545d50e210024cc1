/** The steps of an enrollment in the order in which they usually happen; some come more than once, some not at all. */
export type StepName =
  | 'resumed'
  | 'view-read'
  | 'pin-asked'
  | 'pin-hashed'
  | 'pin-attempt-stored'
  | 'pin-accepted'
  | 'pin-refused'
  | 'keys-made'
  | 'csr-stored'
  | 'csr-accepted'
  | 'csr-expired'
  | 'waiting'
  | 'credentials-received'
  | 'certificates-checked'
  | 'sdk-key-opened'
  | 'credentials-stored'
  | 'acknowledged'
  | 'receipt-verified'
  | 'wiped'
  | 'call-repeated'
  | 'destroyed';

/** One step that has just been finished, in words. Holds no secret: it may be printed and logged. */
export interface StepEvent {
  readonly step: StepName;
  /** A sentence for people, for example `PIN hashed with Argon2id (19456 KiB, 2 passes)`. */
  readonly text: string;
  /** Since the step before, or since the beginning. */
  readonly milliseconds: number;
  /** Since `enrollDevice` or `resumeEnrollment` was called. */
  readonly totalMilliseconds: number;
}

export type StepListener = (event: StepEvent) => void;
