import type { EnrollmentId, SerialHex } from '../contract/ids.ts';
import { toSerialHex } from '../contract/ids.ts';
import {
  CREDENTIAL_KINDS,
  type CredentialKind,
  DELIVERY_FORMATS,
  type DeliveryFormat,
  type IssuingCaId,
  KEY_TYPES,
  type KeyType,
} from '../contract/key-types.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, type Executor, inDatabase, inTransaction } from './database.ts';
import { endBeforeReset } from './end-by-pin.ts';
import { oneOf } from './enrollment-row.ts';
import type { Certificate } from './generated/client.ts';
import { lockEnrollment } from './lock-enrollment.ts';

export interface CertificateRow {
  kind: CredentialKind;
  serial: SerialHex;
  issuerId: IssuingCaId;
  keyType: KeyType;
  status: 'pending' | 'active' | 'revoked';
  der: Uint8Array<ArrayBuffer>;
  notAfter: Date;
}

export interface Credentials {
  format: DeliveryFormat;
  sealed: string;
  sealedSha256: string;
  user: CertificateRow;
  sdk: CertificateRow;
}

/**
 * Hands out the sealed key and counts the delivery, only while it is there and the row awaits the acknowledgement. The same answer
 * each time. An enrollment from before a PIN reset ends instead (ADR 51). Undefined: nothing to deliver in this state.
 */
export async function deliverCredentials(db: Database, id: EnrollmentId): Promise<Credentials | undefined> {
  const credentials = await inTransaction<Credentials | undefined>(db, async (tx) => {
    // Before the delivery row, as every end does: what a receipt states is read under this lock and must not change until it is stored.
    const enrollment = await lockEnrollment(tx, id);
    if (enrollment?.state !== 'awaiting-ack') return undefined;
    if ((await endBeforeReset(tx, enrollment)) !== undefined) return undefined;
    const [row] = await tx.$queryRaw<HandedOut[]>`
      UPDATE delivery SET deliveries = deliveries + 1, first_delivered_at = COALESCE(first_delivered_at, clock_timestamp())
      WHERE enrollment_id = ${id}::uuid AND sealed IS NOT NULL
      RETURNING format, sealed, sealed_sha256 AS "sealedSha256", deliveries, delivery_kid AS "deliveryKid"`;
    if (row === undefined) throw new Error('awaiting-ack without a sealed key');
    await auditHandOut(tx, id, enrollment.userId, row);
    const { user, sdk } = await certificatesOf(tx, id);
    if (user === undefined || sdk === undefined) throw new Error('awaiting-ack without certificates');
    const { sealed, sealedSha256 } = row;
    return { sealed, sealedSha256, format: oneOf(DELIVERY_FORMATS, row.format), user, sdk };
  });
  if (credentials !== undefined) await reach('delivered', id);
  return credentials;
}

interface HandedOut {
  format: string;
  sealed: string;
  sealedSha256: string;
  deliveries: number;
  deliveryKid: string;
}

async function auditHandOut(tx: Executor, enrollmentId: EnrollmentId, userId: string, handedOut: HandedOut): Promise<void> {
  const { deliveries, sealedSha256, deliveryKid } = handedOut;
  const outcome = deliveries === 1 ? 'first' : 'repeated';
  const detail = { deliveries, sealedSha256, deliveryKid };
  await appendAudit(tx, { actor: 'device', action: 'credentials.deliver', enrollmentId, userId, outcome, detail });
}

export async function certificatesOf(db: Executor, enrollmentId: EnrollmentId): Promise<Partial<Record<CredentialKind, CertificateRow>>> {
  const rows = await inDatabase(() => db.certificate.findMany({ where: { enrollmentId } }));
  return Object.fromEntries(rows.map((row) => [row.kind, toCertificateRow(row)]));
}

/** The receipt of a completed enrollment, as it was signed once. */
export async function readReceipt(db: Executor, enrollmentId: EnrollmentId): Promise<string | undefined> {
  const row = await inDatabase(() => db.delivery.findUnique({ where: { enrollmentId }, select: { receipt: true } }));
  return row?.receipt ?? undefined;
}

function toCertificateRow(row: Certificate): CertificateRow {
  return {
    kind: oneOf(CREDENTIAL_KINDS, row.kind),
    serial: toSerialHex(row.serial),
    issuerId: oneOf(['issuing-rsa', 'issuing-ec'], row.issuerId),
    keyType: oneOf(KEY_TYPES, row.keyType),
    status: oneOf(['pending', 'active', 'revoked'], row.status),
    der: row.der,
    notAfter: row.notAfter,
  };
}
