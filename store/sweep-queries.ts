import { ENROLLMENT_COLUMNS } from './enrollment-columns.ts';
import { Prisma } from './generated/client.ts';

/*
 * What the sweeper looks for. Both are served by partial indexes on open rows (enrollment_open_deadline, enrollment_unstarted), so that they
 * cost what is open and not what was ever made; a test reads their plans. statement_timestamp() is stable, so that it bounds an index scan.
 */

const OPEN = Prisma.sql`state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack')`;

/** Open rows past their deadline and the grace, the latest first in line, without those that this turn has met. */
export function overdueRows(graceSeconds: number, met: readonly string[], most: number): Prisma.Sql {
  return Prisma.sql`
    SELECT id, state FROM enrollment WHERE ${OPEN} AND stage_deadline < statement_timestamp() - make_interval(secs => ${graceSeconds})
      AND id <> ALL (${[...met]}::uuid[]) ORDER BY stage_deadline LIMIT ${most}`;
}

/** The same row under its lock; nothing when somebody else holds it, or it went on. */
export function lockOverdue(id: string, state: string, graceSeconds: number): Prisma.Sql {
  return Prisma.sql`
    SELECT id FROM enrollment WHERE id = ${id}::uuid AND state = ${state}
      AND stage_deadline < clock_timestamp() - make_interval(secs => ${graceSeconds}) FOR UPDATE SKIP LOCKED`;
}

/** Open rows whose workflow was not started in time, the oldest first. */
export function unstartedRows(startAfterSeconds: number, most: number): Prisma.Sql {
  return Prisma.sql`
    SELECT ${ENROLLMENT_COLUMNS} FROM enrollment e WHERE ended_at IS NULL AND started_at IS NULL
      AND created_at < statement_timestamp() - make_interval(secs => ${startAfterSeconds}) ORDER BY created_at LIMIT ${most}`;
}

/** Seconds since the oldest deadline that passed while its row is still open; no row, or a number below 0: nothing is overdue. */
export function oldestOverdue(): Prisma.Sql {
  return Prisma.sql`
    SELECT extract(epoch FROM clock_timestamp() - stage_deadline)::float8 AS seconds FROM enrollment WHERE ${OPEN} ORDER BY stage_deadline LIMIT 1`;
}
