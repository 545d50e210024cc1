import type { EnrollmentId } from '../contract/ids.ts';
import { type Executor, inDatabase } from './database.ts';
import { ENROLLMENT_COLUMNS } from './enrollment-columns.ts';
import { type EnrollmentRow, toEnrollmentRow } from './enrollment-row.ts';
import type { Enrollment } from './generated/client.ts';
import type { UserPinRow } from './user-pin.ts';

/** Everything that the view of an enrollment is rendered from, and the database's time of the read. */
export interface EnrollmentReading {
  enrollment: EnrollmentRow;
  pin?: UserPinRow;
  now: Date;
}

/** One statement: every call begins with it. Undefined: no such enrollment. */
export async function readEnrollment(db: Executor, id: EnrollmentId): Promise<EnrollmentReading | undefined> {
  const [row] = await inDatabase(() => enrollmentClockAndPin(db, id));
  if (row === undefined) return undefined;
  const {
    now,
    pinUserId,
    pinVersion,
    phc,
    paramsVersion,
    memoryKib,
    passes,
    lanes,
    saltKid,
    pepperKid,
    failed,
    nextAttemptAt,
    ...enrollment
  } = row;
  const reading = { enrollment: toEnrollmentRow(enrollment), now };
  if (pinUserId === null) return reading;
  return {
    ...reading,
    pin: { userId: pinUserId, pinVersion, phc, paramsVersion, memoryKib, passes, lanes, saltKid, pepperKid, failed, nextAttemptAt },
  };
}

/** Undefined: no such enrollment. */
export async function readEnrollmentRow(db: Executor, id: EnrollmentId): Promise<EnrollmentRow | undefined> {
  const row = await inDatabase(() => db.enrollment.findUnique({ where: { id } }));
  return row === null ? undefined : toEnrollmentRow(row);
}

/** The workflow was started; only the first time counts and is audited, in the same statement. */
export async function markStarted(db: Executor, id: EnrollmentId, by: 'api' | 'sweeper' = 'api'): Promise<void> {
  await inDatabase(
    () => db.$executeRaw`
      WITH started AS (
        UPDATE enrollment SET started_at = clock_timestamp() WHERE id = ${id}::uuid AND started_at IS NULL RETURNING id, user_id
      )
      INSERT INTO audit (actor, action, enrollment_id, user_id, outcome) SELECT ${by}, 'workflow.start', id, user_id, 'started' FROM started`,
  );
}

interface EnrollmentClockAndPin extends Enrollment, Omit<UserPinRow, 'userId'> {
  now: Date;
  /** Null when the user has no PIN; then every other member of it is null too. */
  pinUserId: string | null;
}

function enrollmentClockAndPin(db: Executor, id: EnrollmentId): Promise<EnrollmentClockAndPin[]> {
  return db.$queryRaw<EnrollmentClockAndPin[]>`
    SELECT ${ENROLLMENT_COLUMNS}, clock_timestamp() AS now, p.user_id AS "pinUserId", p.pin_version AS "pinVersion", p.phc,
      p.params_version AS "paramsVersion", p.memory_kib AS "memoryKib", p.passes, p.lanes, p.salt_kid AS "saltKid",
      p.pepper_kid AS "pepperKid", p.failed, p.next_attempt_at AS "nextAttemptAt"
    FROM enrollment e LEFT JOIN user_pin p ON p.user_id = e.user_id WHERE e.id = ${id}::uuid`;
}
