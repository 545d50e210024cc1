import { type EnrollmentId, toEnrollmentId } from '../contract/ids.ts';
import { type Database, type Executor, inTransaction } from './database.ts';

/** As many end in one transaction: also with certificates and on a busy server well within the time of a statement. */
const MOST_ENDS = 200;

interface Reset {
  userId: string;
  /** Who resets: `token-service:<client>` or `operator:<subject>`. */
  actor: string;
}

/**
 * Removes the PIN of a user, the only way out of a lock, and ends all their open enrollments as `cancelled` (`pin_reset`), in the order of
 * their ids (ADR 51). From its first commit on none of them gets any further, also where the ends take several transactions. Returns what
 * it ended. May be repeated; each time is a reset. Errors: `service_unavailable`: to be repeated, since some may not have ended.
 */
export async function resetPin(db: Database, reset: Reset, most = MOST_ENDS): Promise<EnrollmentId[]> {
  const ended = await inTransaction(db, (tx) => resetAndEnd(tx, reset, most));
  let more = ended.length === most;
  while (more) {
    const next = await inTransaction(db, (tx) => endMore(tx, reset, most));
    ended.push(...next);
    more = next.length > 0;
  }
  return ended;
}

async function resetAndEnd(tx: Executor, { userId, actor }: Reset, most: number): Promise<EnrollmentId[]> {
  return idsOf(await tx.$queryRaw<Row[]>`SELECT id FROM reset_pin(${userId}, ${actor}, ${most}::int) AS id`);
}

async function endMore(tx: Executor, { userId, actor }: Reset, most: number): Promise<EnrollmentId[]> {
  return idsOf(await tx.$queryRaw<Row[]>`SELECT id FROM end_before_pin_reset(${userId}, ${actor}, ${most}::int) AS id`);
}

interface Row {
  id: string;
}

function idsOf(rows: readonly Row[]): EnrollmentId[] {
  return rows.map(({ id }) => toEnrollmentId(id));
}
