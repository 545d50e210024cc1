import type { EnrollmentId } from '../contract/ids.ts';
import type { Executor } from './database.ts';
import { ENROLLMENT_COLUMNS } from './enrollment-columns.ts';
import { type EnrollmentRow, toEnrollmentRow } from './enrollment-row.ts';
import type { Enrollment } from './generated/client.ts';

/** Locks the row and reads it as it is then, in one statement. */
export async function lockEnrollment(tx: Executor, id: EnrollmentId): Promise<EnrollmentRow | undefined> {
  const [row] = await tx.$queryRaw<Enrollment[]>`SELECT ${ENROLLMENT_COLUMNS} FROM enrollment e WHERE e.id = ${id}::uuid FOR UPDATE`;
  return row === undefined ? undefined : toEnrollmentRow(row);
}
