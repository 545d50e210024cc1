import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../contract/error-codes.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inTransaction } from './database.ts';
import { endBeforeReset, endForAttempts, endLocked } from './end-by-pin.ts';
import type { EnrollmentRow } from './enrollment-row.ts';
import type { UserPin } from './generated/client.ts';
import { lockEnrollment } from './lock-enrollment.ts';
import { type PinEntry, type PinJob, type PinLimits, type PinOutcome, storedAttempt, withoutEvaluation } from './pin-attempt.ts';
import { lockPin } from './user-pin.ts';

/** A PIN hash of the server, ready to be stored. */
export interface StoredHash {
  phc: string;
  pepperKid: string;
}

export type PinEvaluation =
  | {
      mode: 'setup';
      weak: boolean;
      hash: StoredHash;
      params: { version: number; memoryKib: number; passes: number; lanes: number; saltKid: string };
    }
  /** `rehash`: the right PIN under today's pepper, when the stored one is older. */
  | { mode: 'verify'; right: boolean; rehash?: StoredHash };

/**
 * Writes the outcome of an evaluated attempt with all its effects in one transaction: PIN row, device row, enrollment, attempt.
 * May be repeated: an outcome that is there already is returned.
 */
export async function settlePinAttempt(
  db: Database,
  entry: PinEntry,
  job: PinJob,
  found: PinEvaluation,
  limits: PinLimits,
): Promise<PinOutcome> {
  const outcome = await inTransaction<PinOutcome>(db, async (tx) => {
    const enrollment = await lockEnrollment(tx, entry.enrollmentId);
    const attempt = await tx.pinAttempt.findUnique({ where: { enrollmentId_attemptId: keyOf(entry) } });
    if (enrollment === undefined || attempt === null) throw new Error('the attempt was begun');
    const stored = storedAttempt(attempt, enrollment.state);
    if (attempt.outcome !== 'pending' && stored.kind === 'decided') return stored.outcome;
    const outcome = withoutEvaluation(enrollment) ?? (await judge(tx, enrollment, job, found, limits));
    await writeOutcome(tx, entry, enrollment, outcome, keysOf(job, found));
    return outcome;
  });
  if (outcome.result === 'satisfied') await reach('pin-satisfied', entry.enrollmentId);
  return outcome;
}

async function judge(tx: Executor, enrollment: EnrollmentRow, job: PinJob, found: PinEvaluation, limits: PinLimits): Promise<PinOutcome> {
  const ended = await endBeforeReset(tx, enrollment);
  if (ended !== undefined) return { result: 'wrong_state', state: ended };
  if (job.mode === 'setup' && found.mode === 'setup') return settleSetup(tx, enrollment, found, limits);
  if (job.mode === 'verify' && found.mode === 'verify') return settleVerify(tx, enrollment, job, found, limits);
  throw new Error('an evaluation belongs to a job of its mode');
}

async function settleSetup(
  tx: Executor,
  enrollment: EnrollmentRow,
  found: Extract<PinEvaluation, { mode: 'setup' }>,
  limits: PinLimits,
): Promise<PinOutcome> {
  if (found.weak) return refuse(tx, enrollment, 'pin_too_weak', limits);
  const { params, hash } = found;
  const { count } = await tx.userPin.createMany({
    data: [
      {
        userId: enrollment.userId,
        pinVersion: randomUUID(),
        paramsVersion: params.version,
        memoryKib: params.memoryKib,
        passes: params.passes,
        lanes: params.lanes,
        saltKid: params.saltKid,
        ...hash,
      },
    ],
    skipDuplicates: true,
  });
  return count === 0 ? refuse(tx, enrollment, 'pin_already_set', limits) : satisfy(tx, enrollment);
}

type VerifyJob = Extract<PinJob, { mode: 'verify' }>;

async function settleVerify(
  tx: Executor,
  enrollment: EnrollmentRow,
  job: VerifyJob,
  found: Extract<PinEvaluation, { mode: 'verify' }>,
  limits: PinLimits,
): Promise<PinOutcome> {
  const pin = await lockPin(tx, enrollment.userId);
  const moved = movedMeanwhile(pin, job);
  if (moved !== undefined) return refuse(tx, enrollment, moved, limits);
  const failed = pin?.failed ?? 0;
  if (!found.right) return wrong(tx, enrollment, pin, limits);
  // A right guess passes a lock only if it is the very one that was charged as the last allowed try.
  if (failed >= limits.maxFailures && job.charged !== limits.maxFailures) return endLocked(tx, enrollment);
  const now = await databaseTime(tx);
  const data = { failed: Math.max(failed - job.charged, 0), nextAttemptAt: now, updatedAt: now, ...found.rehash };
  await tx.userPin.update({ where: { userId: job.userId }, data });
  return satisfy(tx, enrollment);
}

function movedMeanwhile(pin: UserPin | undefined, job: VerifyJob): ErrorCode | undefined {
  if (pin === undefined) return 'pin_not_set';
  return pin.pinVersion === job.pinVersion ? undefined : 'pin_params_changed';
}

async function wrong(tx: Executor, enrollment: EnrollmentRow, pin: UserPin | undefined, limits: PinLimits): Promise<PinOutcome> {
  if (pin !== undefined && pin.failed >= limits.maxFailures) return endLocked(tx, enrollment);
  const refusal = await refuse(tx, enrollment, 'pin_incorrect', limits);
  const left = Math.min(limits.maxFailures - (pin?.failed ?? 0), refusal.attemptsLeft ?? 0);
  return { ...refusal, attemptsLeft: Math.max(left, 0), ...(pin === undefined ? {} : { retryAt: pin.nextAttemptAt }) };
}

/** The last attempt of an enrollment that does not satisfy ends it. */
async function refuse(tx: Executor, enrollment: EnrollmentRow, result: ErrorCode, limits: PinLimits): Promise<PinOutcome> {
  const attemptsLeft = Math.max(limits.maxAttempts - enrollment.pinAttempts, 0);
  if (attemptsLeft > 0) return { result, state: enrollment.state, attemptsLeft };
  return { result, state: await endForAttempts(tx, enrollment), attemptsLeft };
}

async function satisfy(tx: Executor, enrollment: EnrollmentRow): Promise<PinOutcome> {
  await tx.$executeRaw`
    UPDATE enrollment SET state = 'awaiting-csr', state_since = clock_timestamp(), pin_satisfied_at = clock_timestamp(),
      stage_deadline = LEAST(clock_timestamp() + make_interval(secs => csr_seconds), expires_at)
    WHERE id = ${enrollment.id}::uuid AND state = 'awaiting-pin'`;
  await rememberDevice(tx, enrollment);
  return { result: 'satisfied', state: 'awaiting-csr' };
}

async function rememberDevice(tx: Executor, { clientId, userId, deviceId, tokenId, platform }: EnrollmentRow): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO device (client_id, user_id, device_id, token_id, platform, pin_proven_at)
    VALUES (${clientId}, ${userId}, ${deviceId}, ${tokenId}, ${platform}, clock_timestamp())
    ON CONFLICT (client_id, user_id, device_id) DO UPDATE SET token_id = EXCLUDED.token_id, platform = EXCLUDED.platform, pin_proven_at = EXCLUDED.pin_proven_at`;
}

/** Which keys the evaluation used; the hash itself is nobody's business. */
function keysOf(job: PinJob, found: PinEvaluation): { key: string; rehashedWith?: string } {
  if (job.mode === 'verify') {
    const rehash = found.mode === 'verify' ? found.rehash : undefined;
    return { key: `pin-pepper/${job.pepperKid}`, ...(rehash === undefined ? {} : { rehashedWith: `pin-pepper/${rehash.pepperKid}` }) };
  }
  return { key: found.mode === 'setup' ? `pin-pepper/${found.hash.pepperKid}` : 'none' };
}

async function writeOutcome(
  tx: Executor,
  entry: PinEntry,
  enrollment: EnrollmentRow,
  outcome: PinOutcome,
  keys: ReturnType<typeof keysOf>,
): Promise<void> {
  const { result, attemptsLeft, retryAt } = outcome;
  await tx.$executeRaw`
    UPDATE pin_attempt SET outcome = ${result}, attempts_left = ${attemptsLeft ?? null}::int, retry_at = ${retryAt ?? null}::timestamptz,
      decided_at = clock_timestamp()
    WHERE enrollment_id = ${entry.enrollmentId}::uuid AND attempt_id = ${entry.attemptId}::uuid`;
  await appendAudit(tx, {
    actor: 'device',
    action: `pin.${entry.mode}`,
    enrollmentId: enrollment.id,
    userId: enrollment.userId,
    outcome: result,
    detail: {
      attemptId: entry.attemptId,
      salt: `pin-salt/${entry.saltKid}`,
      ...keys,
      ...(attemptsLeft === undefined ? {} : { attemptsLeft }),
      ...(retryAt === undefined ? {} : { retryAt: retryAt.toISOString() }),
    },
  });
}

function keyOf({ enrollmentId, attemptId }: PinEntry): { enrollmentId: string; attemptId: string } {
  return { enrollmentId, attemptId };
}
