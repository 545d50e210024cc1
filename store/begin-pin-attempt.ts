import type { ErrorCode } from '../contract/error-codes.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inTransaction } from './database.ts';
import { endBeforeReset, endForAttempts, endLocked } from './end-by-pin.ts';
import type { EnrollmentRow } from './enrollment-row.ts';
import type { PinAttempt } from './generated/client.ts';
import { lockEnrollment } from './lock-enrollment.ts';
import {
  type AttemptKey,
  type PinBeginning,
  type PinEntry,
  type PinLimits,
  type PinOutcome,
  storedAttempt,
  withoutEvaluation,
} from './pin-attempt.ts';
import { lockPin } from './user-pin.ts';

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
    const ended = await endBeforeReset(tx, enrollment);
    if (ended !== undefined) return { kind: 'decided', outcome: { result: 'wrong_state', state: ended } };
    if (enrollment.pinAttempts >= limits.maxAttempts)
      return { kind: 'decided', outcome: { result: 'wrong_state', state: await endForAttempts(tx, enrollment) } };
    return entry.mode === 'setup' ? beginSetup(tx, enrollment, entry, limits) : beginVerify(tx, enrollment, entry, limits);
  });
  if (beginning?.kind === 'evaluate') await reach('pin-charged', entry.enrollmentId);
  return beginning;
}

function earlierAttempt(db: Executor, { enrollmentId, attemptId }: AttemptKey): Promise<PinAttempt | null> {
  return db.pinAttempt.findUnique({ where: { enrollmentId_attemptId: { enrollmentId, attemptId } } });
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
