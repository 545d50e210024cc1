import type { Database } from '../../../store/database.ts';

/** Every time that a row states, but for the audit chain, which would no longer hold, and limits, which are no times. */
const TIMES = `SELECT c.relname AS "table", string_agg(format('%1$I = %1$I - make_interval(secs => $1::float8)', a.attname), ', ') AS shifts
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.atttypid = 'timestamptz'::regtype AND NOT a.attisdropped
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname !~ '^(audit|_prisma)' GROUP BY c.relname`;

/**
 * Lets days pass in a database whose clock stands still for nobody: all rows become older. As superuser and without triggers, because no
 * process may do this.
 */
export async function daysPass(db: Database, days: number): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$executeRawUnsafe('SET LOCAL session_replication_role = replica');
    const found = await tx.$queryRawUnsafe<{ table: string; shifts: string }[]>(TIMES);
    for (const { table, shifts } of found) await tx.$executeRawUnsafe(`UPDATE "${table}" SET ${shifts}`, days * 86_400);
  });
}
