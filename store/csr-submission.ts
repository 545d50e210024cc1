import type { ErrorCode } from '../contract/error-codes.ts';
import { isErrorCode } from '../contract/error-codes.ts';
import type { EnrollmentId } from '../contract/ids.ts';
import { DELIVERY_FORMATS, type DeliveryFormat, KEY_TYPES, type KeyType } from '../contract/key-types.ts';
import type { EndCode, State } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, type Executor, inDatabase, inTransaction } from './database.ts';
import { endEnrollment } from './end-enrollment.ts';
import { type EnrollmentRow, oneOf } from './enrollment-row.ts';
import type { CsrSubmission, Prisma } from './generated/client.ts';
import { claimKeys, type KeyRefusal, type RequestKeys } from './key-claim.ts';
import { lockEnrollment } from './lock-enrollment.ts';

export interface NewSubmission {
  enrollmentId: EnrollmentId;
  /** SHA-256 over CSR, delivery key, delivery format and SDK key type, 64 hex digits. */
  digest: string;
  csrText: string;
  deliveryKey: Prisma.InputJsonObject;
  deliveryFormat: DeliveryFormat;
  sdkKey?: KeyType;
  /** Why it cannot be a CSR: then neither `csrText` nor `deliveryKey` is stored (ADR 52). */
  unreadable?: UnreadableCsr;
}

/** What the gate said before the submission was stored; counted, as any refusal, when the run judges it. */
export interface UnreadableCsr {
  code: ErrorCode;
  detail: string;
  offset?: number;
}

export interface SubmissionRow {
  enrollmentId: EnrollmentId;
  digest: string;
  /** Absent: `unreadable`, or refused or never judged in an enrollment that has ended. */
  csrText?: string;
  /** As sent; judged by the gate. Without `csrText` it is `{}`. */
  deliveryKey: unknown;
  deliveryFormat: DeliveryFormat;
  sdkKey?: KeyType;
  receivedAt: Date;
  unreadable?: UnreadableCsr;
  outcome?: SubmissionOutcome;
}

export type SubmissionOutcome = 'accepted' | { code: ErrorCode; detail: string; offset?: number; attemptsLeft: number };

export type Stored =
  | { kind: 'stored' | 'known'; submission: SubmissionRow; enrollment: EnrollmentRow }
  | { kind: 'not_now'; enrollment: EnrollmentRow }
  | { kind: 'too_many'; enrollment: EnrollmentRow };

/** Stores what the device sent, only in `awaiting-csr`; the same digest again finds the first. May be repeated. */
export async function storeSubmission(db: Database, sent: NewSubmission, maxSubmissions: number): Promise<Stored | undefined> {
  const result = await inTransaction<Stored | undefined>(db, async (tx) => {
    const enrollment = await lockEnrollment(tx, sent.enrollmentId);
    if (enrollment === undefined) return undefined;
    const { enrollmentId, digest } = sent;
    const known = await tx.csrSubmission.findUnique({ where: { enrollmentId_digest: { enrollmentId, digest } } });
    if (known !== null) return { kind: 'known', submission: toSubmission(known, enrollmentId), enrollment };
    if (enrollment.state !== 'awaiting-csr') return { kind: 'not_now', enrollment };
    const counted = await tx.enrollment.updateMany({
      where: { id: enrollmentId, csrSubmissions: { lt: maxSubmissions } },
      data: { csrSubmissions: { increment: 1 } },
    });
    if (counted.count === 0) return { kind: 'too_many', enrollment };
    const row = await tx.csrSubmission.create({ data: columnsOf(sent) });
    const detail = { digest, deliveryFormat: sent.deliveryFormat, ...(sent.sdkKey === undefined ? {} : { sdkKey: sent.sdkKey }) };
    await appendAudit(tx, {
      actor: 'device',
      action: 'csr.submit',
      enrollmentId,
      userId: enrollment.userId,
      outcome: 'stored',
      detail,
    });
    return { kind: 'stored', submission: toSubmission(row, enrollmentId), enrollment };
  });
  if (result?.kind === 'stored') await reach('csr-submitted', sent.enrollmentId);
  return result;
}

/** Of what cannot be a CSR nothing stays but its digest and what is wrong with it. */
function columnsOf({ unreadable, ...sent }: NewSubmission): Prisma.CsrSubmissionUncheckedCreateInput {
  if (unreadable === undefined) return sent;
  const { code, detail, offset } = unreadable;
  return { ...sent, csrText: NO_TEXT, deliveryKey: {}, unreadable: code, detail, ...(offset === undefined ? {} : { offset }) };
}

/** In a column that is never NULL, for the version before; no CSR is empty. `end_enrollment` writes the same. */
const NO_TEXT = '';

export async function readSubmission(db: Executor, enrollmentId: EnrollmentId, digest: string): Promise<SubmissionRow | undefined> {
  const row = await inDatabase(() => db.csrSubmission.findUnique({ where: { enrollmentId_digest: { enrollmentId, digest } } }));
  return row === null ? undefined : toSubmission(row, enrollmentId);
}

export interface Acceptance extends RequestKeys {
  enrollmentId: EnrollmentId;
  digest: string;
}

/** After a refusal nothing was changed. */
export type Accepted =
  | { kind: 'accepted' }
  | { kind: 'refused'; refusal: KeyRefusal }
  | { kind: 'elsewhere'; state: State; code?: EndCode };

/** Moves the enrollment to `issuing` and claims both keys, together or not at all. May be repeated. */
export async function acceptSubmission(db: Database, accepted: Acceptance): Promise<Accepted> {
  const result = await inTransaction<Accepted>(db, async (tx) => {
    const { enrollmentId, digest } = accepted;
    const enrollment = await lockEnrollment(tx, enrollmentId);
    if (enrollment === undefined) throw new Error('no such enrollment');
    if (enrollment.csrDigest === digest && enrollment.state !== 'awaiting-csr') return { kind: 'accepted' };
    if (enrollment.state !== 'awaiting-csr') return elsewhere(enrollment);
    const refusal = await claimKeys(tx, enrollment, accepted);
    if (refusal !== undefined) return { kind: 'refused', refusal };
    await tx.$executeRaw`
      UPDATE enrollment SET state = 'issuing', state_since = clock_timestamp(), csr_digest = ${digest}, stage_deadline = expires_at
      WHERE id = ${enrollmentId}::uuid AND state = 'awaiting-csr'`;
    await tx.$executeRaw`UPDATE csr_submission SET outcome = 'accepted', decided_at = clock_timestamp() WHERE enrollment_id = ${enrollmentId}::uuid AND digest = ${digest}`;
    await appendAudit(tx, {
      actor: 'workflow',
      action: 'csr.accept',
      enrollmentId,
      userId: enrollment.userId,
      outcome: 'accepted',
      detail: { digest, spkiSha256: accepted.spkiSha256 },
    });
    await reach('key-claiming', enrollmentId);
    return { kind: 'accepted' };
  });
  if (result.kind === 'accepted') await reach('key-claimed', accepted.enrollmentId);
  return result;
}

function elsewhere({ state, code }: EnrollmentRow): Accepted {
  return { kind: 'elsewhere', state, ...(code === undefined ? {} : { code }) };
}

export interface Refusal {
  enrollmentId: EnrollmentId;
  digest: string;
  code: ErrorCode;
  detail: string;
  offset?: number;
  /** Where the key could be read: SHA-256 of the SubjectPublicKeyInfo, hex. */
  spkiSha256?: string;
  /** False for a refusal that is nobody's mistake (`challenge_expired`). */
  counted: boolean;
}

/** Writes a refusal once and counts it; the last one ends the enrollment. May be repeated: the first outcome stays. */
export async function refuseSubmission(db: Database, refusal: Refusal, maxRefusals: number): Promise<State> {
  return inTransaction(db, async (tx) => {
    const { enrollmentId: id, digest, counted } = refusal;
    const enrollment = await lockEnrollment(tx, id);
    if (enrollment === undefined) throw new Error('no such enrollment');
    if (enrollment.state !== 'awaiting-csr') return enrollment.state;
    const attemptsLeft = Math.max(maxRefusals - enrollment.csrRefusals - (counted ? 1 : 0), 0);
    const written = await tx.$executeRaw`
      UPDATE csr_submission SET outcome = ${refusal.code}, detail = ${refusal.detail}, "offset" = ${refusal.offset ?? null}::int, attempts_left = ${attemptsLeft}, decided_at = clock_timestamp()
      WHERE enrollment_id = ${id}::uuid AND digest = ${digest} AND outcome IS NULL`;
    if (written === 0) return enrollment.state;
    await appendAudit(tx, {
      actor: 'workflow',
      action: 'csr.refuse',
      enrollmentId: id,
      userId: enrollment.userId,
      outcome: refusal.code,
      detail: {
        digest,
        counted,
        attemptsLeft,
        reason: refusal.detail,
        ...(refusal.spkiSha256 === undefined ? {} : { spkiSha256: refusal.spkiSha256 }),
      },
    });
    if (counted) await tx.enrollment.update({ where: { id }, data: { csrRefusals: { increment: 1 } } });
    if (attemptsLeft > 0 || !counted) return enrollment.state;
    return (await endEnrollment(tx, { id, state: 'failed', code: 'csr_attempts_exceeded', actor: 'workflow' }))?.state ?? 'failed';
  });
}

function toSubmission(row: CsrSubmission, enrollmentId: EnrollmentId): SubmissionRow {
  const outcome = toOutcome(row);
  const unreadable = toUnreadable(row);
  return {
    enrollmentId,
    digest: row.digest,
    ...(row.csrText === NO_TEXT ? {} : { csrText: row.csrText }),
    deliveryKey: row.deliveryKey,
    deliveryFormat: oneOf(DELIVERY_FORMATS, row.deliveryFormat),
    receivedAt: row.receivedAt,
    ...(row.sdkKey === null ? {} : { sdkKey: oneOf(KEY_TYPES, row.sdkKey) }),
    ...(unreadable === undefined ? {} : { unreadable }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function toUnreadable({ unreadable: code, detail, offset }: CsrSubmission): UnreadableCsr | undefined {
  if (code === null) return undefined;
  if (!isErrorCode(code)) throw new Error('unexpected code of an unreadable submission');
  return { code, detail: detail ?? '', ...(offset === null ? {} : { offset }) };
}

function toOutcome({ outcome, detail, offset, attemptsLeft }: CsrSubmission): SubmissionOutcome | undefined {
  if (outcome === null) return undefined;
  if (outcome === 'accepted') return 'accepted';
  if (!isErrorCode(outcome)) throw new Error('unexpected outcome of a submission');
  return { code: outcome, detail: detail ?? '', attemptsLeft: attemptsLeft ?? 0, ...(offset === null ? {} : { offset }) };
}
