import type { EnrollmentId } from '../contract/ids.ts';
import { type AuditRow, type ChainEnd, hex } from './audit-chain.ts';
import { type Database, databaseTime, type Executor, inDatabase, inSnapshot } from './database.ts';
import type { EnrollmentRow } from './enrollment-row.ts';
import { readEnrollmentRow } from './read-enrollment.ts';

/** An audit row with its place in the chain. */
export interface PlacedRow extends ChainEnd, AuditRow {}

export interface TimelineRows {
  enrollment: EnrollmentRow;
  now: Date;
  /** In the order of the chain. */
  audit: PlacedRow[];
}

/**
 * Everything that the audit knows of an enrollment: its own rows, the creation that superseded it, and what was done to its user's PIN in its
 * time. Undefined: no such enrollment. Rows that retention dropped are in their segment files.
 */
export async function readTimelineRows(db: Database, id: EnrollmentId): Promise<TimelineRows | undefined> {
  return inSnapshot(db, async (tx) => {
    const enrollment = await readEnrollmentRow(tx, id);
    if (enrollment === undefined) return undefined;
    return { enrollment, now: await databaseTime(tx), audit: await auditOf(tx, enrollment) };
  });
}

interface Found extends Omit<AuditRow, 'id' | 'at'> {
  seq: bigint;
  hash: Uint8Array;
  id: bigint;
  at: Date;
}

async function auditOf(tx: Executor, { id, userId, createdAt, endedAt }: EnrollmentRow): Promise<PlacedRow[]> {
  const rows = await inDatabase(
    () => tx.$queryRaw<Found[]>`
      SELECT l.seq, l.hash, a.id, a.at, a.actor, a.action, a.enrollment_id AS "enrollmentId", a.user_id AS "userId", a.outcome, a.detail::text AS detail
      FROM audit a JOIN audit_link l ON l.audit_id = a.id
      WHERE a.id IN (
        SELECT id FROM audit WHERE enrollment_id = ${id}::uuid
        UNION SELECT id FROM audit WHERE detail ? 'supersedes' AND detail->>'supersedes' = ${id}
        UNION SELECT id FROM audit WHERE enrollment_id IS NULL AND user_id = ${userId} AND at BETWEEN ${createdAt} AND ${endedAt ?? new Date(8.64e15 / 100)}
      ) ORDER BY l.seq`,
  );
  return rows.map(({ seq, hash, id: auditId, at, ...content }) => ({
    ...content,
    seq: Number(seq),
    hash: hex(hash),
    id: String(auditId),
    at: at.toISOString(),
  }));
}
