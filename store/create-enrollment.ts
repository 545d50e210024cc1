import { type EnrollmentId, toEnrollmentId } from '../contract/ids.ts';
import type { PinPolicy, PinStatus, Platform } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inTransaction } from './database.ts';
import { endEnrollment } from './end-enrollment.ts';
import { type EnrollmentRow, toEnrollmentRow } from './enrollment-row.ts';
import { lockDevice, lockUser } from './locks.ts';
import { pinStatusOf } from './user-pin.ts';

export interface NewEnrollment {
  id: EnrollmentId;
  clientId: string;
  userId: string;
  deviceId: string;
  tokenId: string;
  platform: Platform;
  pinPolicy: PinPolicy;
  idempotencyKey: string;
  /** SHA-256 over the members of the body in a fixed order: repetitions are compared by value. */
  bodySha256: string;
  tokenKid: string;
  tokenSalt: Uint8Array<ArrayBuffer>;
  limits: { pinSeconds: number; csrSeconds: number; ackSeconds: number; wholeSeconds: number };
  maxPinFailures: number;
}

export type Creation =
  | { kind: 'created' | 'repeated'; enrollment: EnrollmentRow; pinStatus: PinStatus; superseded?: EnrollmentId }
  | { kind: 'key_reused' };

/**
 * Inserts an enrollment, or finds the one that the same Idempotency-Key made (protocol §3, one transaction).
 * May be repeated: a repetition never supersedes. Unique indexes decide races; a violation rolls all back and is tried again.
 */
export async function createEnrollment(db: Database, wanted: NewEnrollment): Promise<Creation> {
  const creation = await inTransaction<Creation>(db, async (tx) => {
    // A PIN reset has this lock alone: it comes before the whole creation, or after it and ends what was created.
    await lockUser(tx, wanted.userId, 'shared');
    await lockDevice(tx, wanted);
    const earlier = await tx.enrollment.findUnique({
      where: { clientId_idempotencyKey: { clientId: wanted.clientId, idempotencyKey: wanted.idempotencyKey } },
    });
    if (earlier !== null) return repeated(tx, toEnrollmentRow(earlier), wanted);
    const superseded = await supersede(tx, wanted);
    const pinStatus = await pinStatusOf(tx, wanted.userId, wanted.maxPinFailures);
    const enrollment = await insert(tx, wanted, pinStatus, superseded);
    return { kind: 'created', enrollment, pinStatus, ...(superseded === undefined ? {} : { superseded }) };
  });
  if (creation.kind === 'created') await reach('row-inserted', creation.enrollment.id);
  return creation;
}

async function repeated(tx: Executor, enrollment: EnrollmentRow, wanted: NewEnrollment): Promise<Creation> {
  if (enrollment.bodySha256 !== wanted.bodySha256) return { kind: 'key_reused' };
  return { kind: 'repeated', enrollment, pinStatus: await pinStatusOf(tx, wanted.userId, wanted.maxPinFailures) };
}

async function supersede(tx: Executor, { clientId, userId, deviceId }: NewEnrollment): Promise<EnrollmentId | undefined> {
  const older = await tx.enrollment.findFirst({ where: { clientId, userId, deviceId, endedAt: null }, select: { id: true } });
  if (older === null) return undefined;
  const id = toEnrollmentId(older.id);
  await endEnrollment(tx, { id, state: 'cancelled', code: 'superseded', actor: `token-service:${clientId}` });
  return id;
}

async function insert(
  tx: Executor,
  wanted: NewEnrollment,
  pinStatus: PinStatus,
  supersedes: EnrollmentId | undefined,
): Promise<EnrollmentRow> {
  const { limits, maxPinFailures: _max, ...columns } = wanted;
  const pinWaived = wanted.pinPolicy === 'skip-if-present' && pinStatus === 'present';
  const now = await databaseTime(tx);
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
  const firstStageSeconds = Math.min(pinWaived ? limits.csrSeconds : limits.pinSeconds, limits.wholeSeconds);
  const row = await tx.enrollment.create({
    data: {
      ...columns,
      state: pinWaived ? 'awaiting-csr' : 'awaiting-pin',
      pinWaived,
      createdAt: now,
      stateSince: now,
      stageDeadline: after(firstStageSeconds),
      expiresAt: after(limits.wholeSeconds),
      pinSeconds: limits.pinSeconds,
      csrSeconds: limits.csrSeconds,
      ackSeconds: limits.ackSeconds,
    },
  });
  const { platform, tokenId, deviceId, tokenKid } = wanted;
  const detail = { platform, tokenId, deviceId, pinWaived, key: `token/${tokenKid}`, ...(supersedes === undefined ? {} : { supersedes }) };
  await appendAudit(tx, {
    actor: `token-service:${wanted.clientId}`,
    action: 'enrollment.create',
    enrollmentId: wanted.id,
    userId: wanted.userId,
    outcome: row.state,
    detail,
  });
  return toEnrollmentRow(row);
}
