import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CsrRefusalCode } from './csr-refusal-codes.ts';
import type { EndCode, OpenState, State } from './states.ts';

/*
 * What travels between API, workers and Temporal: ids, states, digests, codes, the ack proof. Never a user, a device, a CSR or a key.
 * One object argument each; new members are optional, so that an old history still decodes.
 */

export const ENROLLMENT_WORKFLOW = 'enrollment';
export const ENROLLMENT_TASK_QUEUE = 'enrollment';
/** Only the issuance process, which holds the CA keys, polls this queue. */
export const ISSUANCE_TASK_QUEUE = 'issuance';

/** How long each stage may take; `issuing` ends with the whole. */
export interface StageLimits {
  pinSeconds: number;
  csrSeconds: number;
  ackSeconds: number;
  wholeSeconds: number;
}

export interface EnrollmentInput {
  enrollmentId: string;
  limits: StageLimits;
  /** Of a run that continued as new: where it stood and since when, in milliseconds. */
  since?: RunSoFar;
}

export interface RunSoFar {
  startedAt: number;
  stage: OpenState;
  stageSince: number;
}

export interface EnrollmentResult {
  state: State;
  code?: EndCode;
}

/** The PIN row was satisfied (or may be): read it. Decides nothing; may be sent any number of times. */
export const pinSatisfied = defineSignal('pinSatisfied');
/** The enrollment ended over its PIN attempts (or may have): read the row. Decides nothing. */
export const pinLocked = defineSignal('pinLocked');
/** Somebody else ended the enrollment (an operator, the sweeper, a newer one of the device), or may have: read the row. Decides nothing. */
export const rowChanged = defineSignal('rowChanged');

export interface SubmitCsrInput {
  /** SHA-256 of the submission, 64 hex digits; the bytes are in the row. */
  digest: string;
}
/** `retry`: passing trouble, nothing is remembered. `state`: what the row says now. */
export type SubmitCsrResult = { state: State } | { refused: CsrRefusalCode } | { retry: true };
/** Judge a stored CSR submission and wait until its credentials exist. Idempotent by digest. */
export const submitCsr = defineUpdate<SubmitCsrResult, [SubmitCsrInput]>('submitCsr');

export interface AcknowledgeInput {
  /** Compact JWS by the SDK key. */
  proof: string;
}
export type AcknowledgeResult =
  | { state: State }
  | { refused: 'ack_proof_invalid' | 'ack_attempts_exceeded' | 'wrong_state'; detail: string }
  | { retry: true };
/** Verify the proof, erase the sealed key, activate the certificates, sign the receipt. Idempotent by state. */
export const acknowledge = defineUpdate<AcknowledgeResult, [AcknowledgeInput]>('acknowledge');

export interface CancelInput {
  /** Of the version before; whatever it says, the audit says `workflow` (ADR 42). */
  by?: 'device' | 'token-service' | 'operator';
}
export type CancelResult = { state: State } | { retry: true };
/** End the enrollment as `cancelled`. Idempotent. May be sent without an argument, as from the Temporal UI. */
export const cancel = defineUpdate<CancelResult, [CancelInput]>('cancel');

/** What the run knows of itself; the row is the authority for state. */
export interface EnrollmentProcess {
  stage: State;
  waitingFor: 'device' | 'service' | 'nobody';
  /** JSON time. */
  since: string;
  /** CSR refusals left before the enrollment fails. */
  refusalsLeft: number;
}
export const enrollmentProcess = defineQuery<EnrollmentProcess>('enrollmentView');
