import { type ErrorCode, isErrorCode } from '../contract/error-codes.ts';
import type { EnrollmentId } from '../contract/ids.ts';
import type { State } from '../contract/states.ts';
import { type Database, inDatabase } from './database.ts';
import { type EnrollmentRow, toState } from './enrollment-row.ts';
import type { PinAttempt } from './generated/client.ts';

export interface PinLimits {
  /** Wrong tries after which the PIN is locked. */
  maxFailures: number;
  /** Attempts of one enrollment, setups and pending ones included. */
  maxAttempts: number;
  /** Seconds until the next try, after the n-th wrong one in a row (n from 1). */
  delaySeconds: (n: number) => number;
}

/** What the device sent, without the hash: that stays with the caller. */
export interface PinEntry {
  enrollmentId: EnrollmentId;
  attemptId: string;
  mode: 'setup' | 'verify';
  paramsVersion: number;
  saltKid: string;
  /** Parameters for new PINs. */
  currentSaltKid: string;
  /** Whether the caller has the pepper with which a stored PIN was keyed: nobody is charged for a key that we lack. */
  hasPepper: (kid: string) => boolean;
}

export type PinOutcome = {
  /** `satisfied`, or the code of the refusal. */
  result: 'satisfied' | ErrorCode;
  attemptsLeft?: number;
  retryAt?: Date;
  /** The state of the enrollment afterwards. */
  state: State;
};

/** What the caller evaluates, after the charge was committed. */
export type PinJob =
  | { mode: 'setup'; userId: string }
  | { mode: 'verify'; userId: string; charged: number; pinVersion: string; phc: string; pepperKid: string };

export type PinBeginning =
  | { kind: 'evaluate'; job: PinJob }
  | { kind: 'decided'; outcome: PinOutcome }
  | { kind: 'pending'; state: State }
  /** Not charged: the stored PIN needs a pepper that the caller does not have. */
  | { kind: 'no_pepper'; pepperKid: string };

/**
 * What is known of an attempt without locking or charging anything: its outcome, or that it is being evaluated. Undefined: it is new.
 * One statement, because outcome and state change together: a pending attempt beside a later state would be answered by the wrong one.
 * May be repeated at any rate.
 */
export async function readPinAttempt(db: Database, { enrollmentId, attemptId }: AttemptKey): Promise<PinBeginning | undefined> {
  const [row] = await inDatabase(
    () => db.$queryRaw<(StoredOutcome & { state: string })[]>`
      SELECT a.outcome, a.attempts_left AS "attemptsLeft", a.retry_at AS "retryAt", e.state
      FROM pin_attempt a JOIN enrollment e ON e.id = a.enrollment_id
      WHERE a.enrollment_id = ${enrollmentId}::uuid AND a.attempt_id = ${attemptId}::uuid`,
  );
  return row === undefined ? undefined : storedAttempt(row, toState(row.state));
}

type StoredOutcome = Pick<PinAttempt, 'outcome' | 'attemptsLeft' | 'retryAt'>;
export type AttemptKey = Pick<PinEntry, 'enrollmentId' | 'attemptId'>;

/** The stored outcome of an attempt; `pending` while another request evaluates it and the enrollment still waits for it. */
export function storedAttempt(row: StoredOutcome, state: State): PinBeginning {
  if (row.outcome === 'pending') {
    const settled = withoutEvaluation({ state });
    return settled === undefined ? { kind: 'pending', state } : { kind: 'decided', outcome: settled };
  }
  const outcome: PinOutcome = {
    result: toResult(row.outcome),
    state,
    ...(row.attemptsLeft === null ? {} : { attemptsLeft: row.attemptsLeft }),
    ...(row.retryAt === null ? {} : { retryAt: row.retryAt }),
  };
  return { kind: 'decided', outcome };
}

/** Past the PIN every well-formed call succeeds and looks at nothing; after an end none does. */
export function withoutEvaluation({ state }: Pick<EnrollmentRow, 'state'>): PinOutcome | undefined {
  switch (state) {
    case 'awaiting-pin':
      return undefined;
    case 'awaiting-csr':
    case 'issuing':
    case 'awaiting-ack':
    case 'completed':
      return { result: 'satisfied', state };
    default:
      return { result: 'wrong_state', state };
  }
}

function toResult(text: string): PinOutcome['result'] {
  if (text === 'satisfied' || isErrorCode(text)) return text;
  throw new Error('unexpected outcome of a PIN attempt');
}
