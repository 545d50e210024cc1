import type { Executor } from './database.ts';
import type { Prisma } from './generated/client.ts';

export interface AuditEntry {
  /** Who: `device`, `token-service:<client>`, `workflow`, `sweeper`, `issuance`, `operator:<subject>`. */
  actor: string;
  action: string;
  outcome: string;
  enrollmentId?: string;
  userId?: string;
  /** Codes, ids, serials, hashes; never a secret. */
  detail?: Prisma.InputJsonObject;
}

/** Written in the transaction of the effect: no effect without its row, no row without its effect. */
export async function appendAudit(tx: Executor, entry: AuditEntry): Promise<void> {
  const { actor, action, enrollmentId = null, userId = null, outcome, detail = {} } = entry;
  // Not Prisma's create: it reads the row back, and who may add an audit row need not be able to read any.
  await tx.$executeRaw`
    INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    VALUES (${actor}, ${action}, ${enrollmentId}::uuid, ${userId}, ${outcome}, ${JSON.stringify(detail)}::jsonb)`;
}
