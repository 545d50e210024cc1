import type { EnrollmentId } from '../contract/ids.ts';
import type { EndCode, State } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inDatabase, inTransaction } from './database.ts';
import { type CertificateRow, certificatesOf } from './delivery.ts';
import { type EnrollmentRow, toEnrollmentRow } from './enrollment-row.ts';
import { lockEnrollment } from './lock-enrollment.ts';

/** What an acknowledgement is checked against. */
export interface Acknowledgeable {
  state: State;
  code?: EndCode;
  sealedSha256?: string;
  delivered: boolean;
  ackRefusals: number;
  sdk?: CertificateRow;
}

export async function readAcknowledgeable(db: Executor, id: EnrollmentId): Promise<Acknowledgeable | undefined> {
  const row = await inDatabase(() =>
    db.enrollment.findUnique({ where: { id }, include: { delivery: { select: { deliveries: true, sealedSha256: true } } } }),
  );
  if (row === null) return undefined;
  const { sdk } = await certificatesOf(db, id);
  const { state, code } = toEnrollmentRow(row);
  return {
    state,
    delivered: (row.delivery?.deliveries ?? 0) > 0,
    ackRefusals: row.ackRefusals,
    ...(code === undefined ? {} : { code }),
    ...(row.delivery === null ? {} : { sealedSha256: row.delivery.sealedSha256 }),
    ...(sdk === undefined ? {} : { sdk }),
  };
}

/** A wrong proof changes nothing but its count, which is audited; it proves no device, so the actor is the run that was asked. May be repeated: counted once for each `updateId`. */
export function countAckRefusal(db: Database, id: EnrollmentId, updateId: string): Promise<void> {
  return inTransaction(db, async (tx) => {
    const enrollment = await lockEnrollment(tx, id);
    if (enrollment?.state !== 'awaiting-ack' || (await isAckRefusalCounted(tx, id, updateId))) return;
    const { ackRefusals, userId } = await tx.enrollment.update({
      where: { id },
      data: { ackRefusals: { increment: 1 } },
      select: { ackRefusals: true, userId: true },
    });
    const detail = { refusals: ackRefusals, updateId };
    const outcome = 'ack_proof_invalid';
    await appendAudit(tx, { actor: 'workflow', action: 'enrollment.acknowledge', enrollmentId: id, userId, outcome, detail });
  });
}

/** Whether the wrong proof of this update was counted before. */
export async function isAckRefusalCounted(db: Executor, enrollmentId: EnrollmentId, updateId: string): Promise<boolean> {
  const where = { enrollmentId, action: 'enrollment.acknowledge', detail: { path: ['updateId'], equals: updateId } };
  return (await inDatabase(() => db.audit.findFirst({ where, select: { id: true } }))) !== null;
}

/** The facts that a destruction receipt states. */
export interface ErasureFacts {
  enrollmentId: EnrollmentId;
  spkiSha256: string;
  deliveryKid: string;
  sealedSha256: string;
  madeAt: Date;
  sealedAt: Date;
  firstDeliveredAt: Date;
  erasedAt: Date;
  plainGoneBy: Date;
  deliveries: number;
}

export type Finish = { kind: 'completed' } | { kind: 'not_delivered' } | { kind: 'elsewhere'; state: State; code?: EndCode };

/**
 * Completes an acknowledged enrollment in one transaction: the receipt is signed (once, inside, with the facts read under the lock), then
 * the SQL function `end_enrollment` stores it, erases the sealed key, makes the certificates active and revokes the device's older ones
 * as superseded. May be repeated: a completed row stays as it is.
 */
export async function finishDelivery(
  db: Database,
  id: EnrollmentId,
  signReceipt: (facts: ErasureFacts) => Promise<string>,
): Promise<Finish> {
  const finish = await inTransaction<Finish>(db, async (tx) => {
    const enrollment = await lockEnrollment(tx, id);
    if (enrollment === undefined) throw new Error('no such enrollment');
    if (enrollment.state === 'completed') return { kind: 'completed' };
    if (enrollment.state !== 'awaiting-ack') return elsewhere(enrollment);
    const delivery = await tx.delivery.findUniqueOrThrow({ where: { enrollmentId: id }, select: FACTS });
    const { firstDeliveredAt, ...made } = delivery;
    if (firstDeliveredAt === null) return { kind: 'not_delivered' };
    const erasedAt = await databaseTime(tx);
    const receipt = await signReceipt({ enrollmentId: id, ...made, firstDeliveredAt, erasedAt });
    await tx.$executeRaw`SELECT ended FROM end_enrollment(${id}::uuid, ${receipt}, ${erasedAt}::timestamptz)`;
    await reach('ack-committing', id);
    return { kind: 'completed' };
  });
  if (finish.kind === 'completed') await reach('ack-committed', id);
  return finish;
}

const FACTS = {
  spkiSha256: true,
  deliveryKid: true,
  sealedSha256: true,
  madeAt: true,
  sealedAt: true,
  plainGoneBy: true,
  deliveries: true,
  firstDeliveredAt: true,
} as const;

function elsewhere({ state, code }: EnrollmentRow): Finish {
  return { kind: 'elsewhere', state, ...(code === undefined ? {} : { code }) };
}
