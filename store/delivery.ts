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
import { oneOf } from './enrollment-row.ts';
import type { Certificate } from './generated/client.ts';

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
 * each time. Undefined: nothing to deliver in this state.
 */
export async function deliverCredentials(db: Database, id: EnrollmentId): Promise<Credentials | undefined> {
  const credentials = await inTransaction<Credentials | undefined>(db, async (tx) => {
    const [row] = await tx.$queryRaw<HandedOut[]>`
      UPDATE delivery d SET deliveries = d.deliveries + 1, first_delivered_at = COALESCE(d.first_delivered_at, clock_timestamp())
      FROM enrollment e WHERE d.enrollment_id = ${id}::uuid AND e.id = d.enrollment_id AND d.sealed IS NOT NULL AND e.state = 'awaiting-ack'
      RETURNING d.format, d.sealed, d.sealed_sha256 AS "sealedSha256", d.deliveries, d.delivery_kid AS "deliveryKid", e.user_id AS "userId"`;
    if (row === undefined) return undefined;
    await auditHandOut(tx, id, row);
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
  userId: string;
}

async function auditHandOut(tx: Executor, enrollmentId: EnrollmentId, handedOut: HandedOut): Promise<void> {
  const { deliveries, sealedSha256, deliveryKid, userId } = handedOut;
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
