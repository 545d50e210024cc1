import type { EnrollmentId } from '../contract/ids.ts';
import { appendAudit } from './audit.ts';
import { type Database, inTransaction } from './database.ts';
import { type EnrollmentRow, toEnrollmentRow } from './enrollment-row.ts';

/** One enrollment with all that hangs on it, but no secret: no token salt, no sealed key, no PIN hash, no CSR bytes. */
export interface InspectedEnrollment {
  enrollment: Omit<EnrollmentRow, 'tokenSalt' | 'tokenKid' | 'bodySha256'>;
  /** Undefined: the user has no PIN. */
  pin?: { failed: number; nextAttemptAt: Date };
  submissions: { digest: string; receivedAt: Date; outcome: string | null; detail: string | null; offset: number | null }[];
  intents: { kind: string; serial: string; issuerId: string; keyType: string; status: string; signingStartedAt: Date | null }[];
  certificates: {
    kind: string;
    serial: string;
    issuerId: string;
    status: string;
    notBefore: Date;
    notAfter: Date;
    revokedAt: Date | null;
  }[];
  delivery?: { format: string; deliveries: number; sealedAt: Date; firstDeliveredAt: Date | null; erasedAt: Date | null };
}

const SUBMISSION = { digest: true, receivedAt: true, outcome: true, detail: true, offset: true } as const;
const INTENT = { kind: true, serial: true, issuerId: true, keyType: true, status: true, signingStartedAt: true } as const;
const CERTIFICATE = { kind: true, serial: true, issuerId: true, status: true, notBefore: true, notAfter: true, revokedAt: true } as const;
const DELIVERY = { format: true, deliveries: true, sealedAt: true, firstDeliveredAt: true, erasedAt: true } as const;

/** What an operator sees. Looking is audited. Undefined, and no audit row: no such enrollment. */
export async function inspectEnrollment(db: Database, id: EnrollmentId, actor: string): Promise<InspectedEnrollment | undefined> {
  return inTransaction(db, async (tx) => {
    const row = await tx.enrollment.findUnique({
      where: { id },
      include: {
        submissions: { select: SUBMISSION, orderBy: { receivedAt: 'asc' } },
        intents: { select: INTENT, orderBy: { kind: 'asc' } },
        certificates: { select: CERTIFICATE, orderBy: { kind: 'asc' } },
        delivery: { select: DELIVERY },
      },
    });
    if (row === null) return undefined;
    await appendAudit(tx, { actor, action: 'operator.show', enrollmentId: id, outcome: row.state, userId: row.userId });
    const { submissions, intents, certificates, delivery, ...columns } = row;
    const { tokenSalt: _salt, tokenKid: _kid, bodySha256: _body, ...enrollment } = toEnrollmentRow(columns);
    const pin = await tx.userPin.findUnique({ where: { userId: row.userId }, select: { failed: true, nextAttemptAt: true } });
    const found = { enrollment, submissions, intents, certificates };
    return { ...found, ...(pin === null ? {} : { pin }), ...(delivery === null ? {} : { delivery }) };
  });
}
