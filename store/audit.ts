import type { AuditAction } from '../contract/audit-actions.ts';
import { reach } from '../faults/reach.ts';
import type { Executor } from './database.ts';
import type { Prisma } from './generated/client.ts';

export interface AuditEntry {
  /**
   * Who: `device`, `token-service:<client>`, `operator:<subject>`, `api`, `workflow`, `sweeper`, `issuance`, `enrollment-worker`,
   * `pin-guard:<user>`; which login may say which stands in login-actors.ts. Triggers say `database:<login>` and `revocation`.
   * docs/audit.md says when.
   */
  actor: string;
  action: AuditAction;
  outcome: string;
  enrollmentId?: string;
  userId?: string;
  /** Codes, ids, serials, hashes, `key` = which key was used; never a secret. */
  detail?: Prisma.InputJsonObject;
}

/**
 * Written in the transaction of the effect: no effect without its row, no row without its effect. The database chains it at commit
 * (ADR 37). Plain SQL: a process may insert audit rows and need not read them.
 */
export async function appendAudit(tx: Executor, { actor, action, outcome, enrollmentId, userId, detail }: AuditEntry): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    VALUES (${actor}, ${action}, ${enrollmentId ?? null}::uuid, ${userId ?? null}, ${outcome}, ${JSON.stringify(detail ?? {})}::jsonb)`;
  await reach('audit-appended', enrollmentId);
}
