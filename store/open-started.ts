import type { EnrollmentId } from '../contract/ids.ts';
import { type Executor, inDatabase } from './database.ts';
import { type EnrollmentRow, toEnrollmentRow } from './enrollment-row.ts';

const BATCH = 200;

/** Open enrollments whose workflow was started, by id, a batch after `after`; empty at the end. May be repeated: it only reads. */
export async function openStartedAfter(db: Executor, after?: EnrollmentId): Promise<EnrollmentRow[]> {
  const rows = await inDatabase(() =>
    db.enrollment.findMany({
      where: { endedAt: null, startedAt: { not: null }, ...(after === undefined ? {} : { id: { gt: after } }) },
      orderBy: { id: 'asc' },
      take: BATCH,
    }),
  );
  return rows.map(toEnrollmentRow);
}
