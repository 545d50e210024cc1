import type { EnrollmentId } from '../contract/ids.ts';
import type { EndCode, State } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inDatabase, inTransaction } from './database.ts';
import { type CertificateRow, certificatesOf } from './delivery.ts';
import { type EnrollmentRow, toEnrollmentRow } from './enrollment-row.ts';
import type { Delivery } from './generated/client.ts';
import { lockEnrollment } from './pin-attempt.ts';

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
  const row = await inDatabase(() => db.enrollment.findUnique({ where: { id }, include: { delivery: true } }));
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

/** A wrong proof changes nothing but its count. */
export async function countAckRefusal(db: Executor, id: EnrollmentId): Promise<void> {
  await inDatabase(
    () => db.$executeRaw`UPDATE enrollment SET ack_refusals = ack_refusals + 1 WHERE id = ${id}::uuid AND state = 'awaiting-ack'`,
  );
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
 * Completes an acknowledged enrollment in one transaction: sealed key erased, certificates active, the device's older certificates
 * revoked as superseded, receipt signed (once, inside) and stored. May be repeated: a completed row stays as it is.
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
    const delivery = await tx.delivery.findUniqueOrThrow({ where: { enrollmentId: id } });
    if (delivery.firstDeliveredAt === null) return { kind: 'not_delivered' };
    const now = await databaseTime(tx);
    const receipt = await signReceipt(factsOf(id, delivery, delivery.firstDeliveredAt, now));
    await tx.delivery.update({ where: { enrollmentId: id }, data: { sealed: null, erasedAt: now, receipt } });
    await tx.certificate.updateMany({ where: { enrollmentId: id, status: 'pending' }, data: { status: 'active', activatedAt: now } });
    const superseded = await supersedeOlder(tx, enrollment, now);
    await tx.enrollment.update({ where: { id }, data: { state: 'completed', stateSince: now, endedAt: now } });
    await appendAudit(tx, {
      actor: 'device',
      action: 'enrollment.acknowledge',
      enrollmentId: id,
      userId: enrollment.userId,
      outcome: 'completed',
      detail: { superseded },
    });
    await reach('ack-committing', id);
    return { kind: 'completed' };
  });
  if (finish.kind === 'completed') await reach('ack-committed', id);
  return finish;
}

async function supersedeOlder(tx: Executor, { id, clientId, userId, deviceId }: EnrollmentRow, now: Date): Promise<string[]> {
  const older = await tx.certificate.findMany({
    where: { clientId, userId, deviceId, status: 'active', enrollmentId: { not: id } },
    orderBy: [{ issuerId: 'asc' }, { serial: 'asc' }],
  });
  for (const { issuerId, serial, enrollmentId, notAfter } of older) {
    await tx.revocation.createMany({
      data: [{ issuerId, serial, enrollmentId, notAfter, revokedAt: now, reason: 'superseded' }],
      skipDuplicates: true,
    });
    await tx.certificate.update({ where: { serial }, data: { status: 'revoked', revokedAt: now } });
  }
  return older.map(({ serial }) => serial);
}

function factsOf(enrollmentId: EnrollmentId, delivery: Delivery, firstDeliveredAt: Date, erasedAt: Date): ErasureFacts {
  const { spkiSha256, deliveryKid, sealedSha256, madeAt, sealedAt, plainGoneBy, deliveries } = delivery;
  return { enrollmentId, spkiSha256, deliveryKid, sealedSha256, madeAt, sealedAt, plainGoneBy, deliveries, firstDeliveredAt, erasedAt };
}

function elsewhere({ state, code }: EnrollmentRow): Finish {
  return { kind: 'elsewhere', state, ...(code === undefined ? {} : { code }) };
}
