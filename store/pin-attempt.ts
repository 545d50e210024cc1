import { type ErrorCode, isErrorCode } from '../contract/error-codes.ts';
import type { EnrollmentId } from '../contract/ids.ts';
import type { State } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inDatabase, inTransaction } from './database.ts';
import { endEnrollment } from './end-enrollment.ts';
import { ENROLLMENT_COLUMNS, USER_PIN_COLUMNS } from './enrollment-columns.ts';
import { type EnrollmentRow, toEnrollmentRow, toState } from './enrollment-row.ts';
import type { Enrollment, PinAttempt, UserPin } from './generated/client.ts';

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
 * Charges an attempt before anything is evaluated and stores it as pending (protocol §3; locks: enrollment row, then PIN row).
 * May be repeated with the same attemptId: it is charged once.
 */
export async function beginPinAttempt(db: Database, entry: PinEntry, limits: PinLimits): Promise<PinBeginning | undefined> {
  const beginning = await inTransaction<PinBeginning | undefined>(db, async (tx) => {
    const enrollment = await lockEnrollment(tx, entry.enrollmentId);
    if (enrollment === undefined) return undefined;
    const earlier = await earlierAttempt(tx, entry);
    if (earlier !== null) return storedAttempt(earlier, enrollment.state);
    const settled = withoutEvaluation(enrollment);
    if (settled !== undefined) return { kind: 'decided', outcome: settled };
    if (enrollment.pinAttempts >= limits.maxAttempts) return { kind: 'decided', outcome: await failForAttempts(tx, enrollment) };
    return entry.mode === 'setup' ? beginSetup(tx, enrollment, entry, limits) : beginVerify(tx, enrollment, entry, limits);
  });
  if (beginning?.kind === 'evaluate') await reach('pin-charged', entry.enrollmentId);
  return beginning;
}

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
type AttemptKey = Pick<PinEntry, 'enrollmentId' | 'attemptId'>;

function earlierAttempt(db: Executor, { enrollmentId, attemptId }: AttemptKey): Promise<PinAttempt | null> {
  return db.pinAttempt.findUnique({ where: { enrollmentId_attemptId: { enrollmentId, attemptId } } });
}

/** Locks the row and reads it as it is then, in one statement. */
export async function lockEnrollment(tx: Executor, id: EnrollmentId): Promise<EnrollmentRow | undefined> {
  const [row] = await tx.$queryRaw<Enrollment[]>`SELECT ${ENROLLMENT_COLUMNS} FROM enrollment e WHERE e.id = ${id}::uuid FOR UPDATE`;
  return row === undefined ? undefined : toEnrollmentRow(row);
}

/**
 * One statement again: a row that was stored between a lock that found nothing and a second statement would be read without a lock, and
 * guesses at the same moment would be charged as one.
 */
export async function lockPin(tx: Executor, userId: string): Promise<UserPin | undefined> {
  const [row] = await tx.$queryRaw<UserPin[]>`SELECT ${USER_PIN_COLUMNS} FROM user_pin p WHERE p.user_id = ${userId} FOR UPDATE`;
  return row;
}

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

async function beginSetup(tx: Executor, enrollment: EnrollmentRow, entry: PinEntry, limits: PinLimits): Promise<PinBeginning> {
  const pin = await lockPin(tx, enrollment.userId);
  if (pin !== undefined && pin.failed >= limits.maxFailures) return { kind: 'decided', outcome: await meetLock(tx, enrollment, entry) };
  if (pin !== undefined) return refused('pin_already_set', enrollment);
  if (entry.paramsVersion !== 1 || entry.saltKid !== entry.currentSaltKid) return refused('pin_params_changed', enrollment);
  await insertPending(tx, enrollment, entry, await databaseTime(tx), {});
  return { kind: 'evaluate', job: { mode: 'setup', userId: enrollment.userId } };
}

async function beginVerify(tx: Executor, enrollment: EnrollmentRow, entry: PinEntry, limits: PinLimits): Promise<PinBeginning> {
  const pin = await lockPin(tx, enrollment.userId);
  if (pin === undefined) return refused('pin_not_set', enrollment);
  if (pin.failed >= limits.maxFailures) return { kind: 'decided', outcome: await meetLock(tx, enrollment, entry) };
  if (entry.paramsVersion !== pin.paramsVersion || entry.saltKid !== pin.saltKid) return refused('pin_params_changed', enrollment);
  if (!entry.hasPepper(pin.pepperKid)) return { kind: 'no_pepper', pepperKid: pin.pepperKid };
  const now = await databaseTime(tx);
  if (pin.nextAttemptAt > now) return refused('pin_retry_later', enrollment, pin.nextAttemptAt);
  const charged = pin.failed + 1;
  const nextAttemptAt = new Date(now.getTime() + limits.delaySeconds(charged) * 1_000);
  await tx.userPin.update({ where: { userId: pin.userId }, data: { failed: charged, nextAttemptAt, updatedAt: now } });
  await insertPending(tx, enrollment, entry, now, { failed: charged, key: `pin-pepper/${pin.pepperKid}` });
  const { userId, pinVersion, phc, pepperKid } = pin;
  return { kind: 'evaluate', job: { mode: 'verify', userId, charged, pinVersion, phc, pepperKid } };
}

/** Not charged and not stored: the same attempt may come again. */
function refused(result: ErrorCode, { state }: EnrollmentRow, retryAt?: Date): PinBeginning {
  return { kind: 'decided', outcome: { result, state, ...(retryAt === undefined ? {} : { retryAt }) } };
}

/** Charged and audited before anything is evaluated: an attempt whose process dies is still to be seen. */
async function insertPending(
  tx: Executor,
  { userId, pinAttempts }: EnrollmentRow,
  { enrollmentId, attemptId, mode, saltKid }: PinEntry,
  chargedAt: Date,
  guard: { failed?: number; key?: string },
): Promise<void> {
  await tx.pinAttempt.create({ data: { enrollmentId, attemptId, mode, chargedAt } });
  await tx.enrollment.update({ where: { id: enrollmentId }, data: { pinAttempts: { increment: 1 } } });
  const detail = { attemptId, mode, attempt: pinAttempts + 1, salt: `pin-salt/${saltKid}`, ...guard };
  await appendAudit(tx, { actor: 'device', action: 'pin.charge', enrollmentId, userId, outcome: 'charged', detail });
}

/** The attempt is neither charged nor evaluated; it ends the enrollment, so that this is audited once. */
async function meetLock(tx: Executor, enrollment: EnrollmentRow, { attemptId, mode }: PinEntry): Promise<PinOutcome> {
  const { id: enrollmentId, userId } = enrollment;
  const detail = { attemptId, charged: false };
  await appendAudit(tx, { actor: 'device', action: `pin.${mode}`, enrollmentId, userId, outcome: 'pin_locked', detail });
  return endLocked(tx, enrollment);
}

export async function endLocked(tx: Executor, { id, userId }: EnrollmentRow): Promise<PinOutcome> {
  const ended = await endEnrollment(tx, { id, state: 'locked', code: 'pin_locked', actor: `pin-guard:${userId}` });
  return { result: 'pin_locked', state: ended?.state ?? 'locked' };
}

async function failForAttempts(tx: Executor, { id, userId }: EnrollmentRow): Promise<PinOutcome> {
  const ended = await endEnrollment(tx, { id, state: 'failed', code: 'pin_attempts_exceeded', actor: `pin-guard:${userId}` });
  return { result: 'wrong_state', state: ended?.state ?? 'failed' };
}

function toResult(text: string): PinOutcome['result'] {
  if (text === 'satisfied' || isErrorCode(text)) return text;
  throw new Error('unexpected outcome of a PIN attempt');
}
