import { reach } from '../faults/reach.ts';
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
  await tx.audit.create({ data: { ...entry, detail: entry.detail ?? {} } });
  await reach('audit-appended', entry.enrollmentId);
}
