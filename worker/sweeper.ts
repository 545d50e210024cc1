import type { Logger } from 'pino';
import type { EnrollmentId } from '../contract/ids.ts';
import type { Database } from '../store/database.ts';
import type { EnrollmentRow } from '../store/enrollment-row.ts';
import { markStarted } from '../store/read-enrollment.ts';
import { sweepEnrollments } from '../store/sweep.ts';

export interface SweeperDeps {
  db: Database;
  log: Logger;
  graceSeconds: number;
  startGraceSeconds: number;
  /** Starts the workflow of a row; undefined while Temporal is away. */
  start: ((row: EnrollmentRow) => Promise<void>) | undefined;
  /** Told of each row that was ended; does not reject. */
  ended?: (id: EnrollmentId) => Promise<void>;
}

/**
 * One turn: ends rows that are past their deadline although no workflow did (terminated, lost, stuck), with the same compensation as
 * any other end, and starts workflows that were never started. Runs without Temporal; may be repeated, and run in several processes.
 */
export async function sweep(deps: SweeperDeps): Promise<void> {
  const swept = await sweepEnrollments(deps.db, deps.graceSeconds, deps.startGraceSeconds);
  for (const { id, state } of swept.ended) deps.log.warn({ enrollmentId: id, state }, 'sweeper: ended an overdue enrollment');
  for (const { id, error } of swept.passedOver) tellPassedOver(deps.log, id, error);
  // At once: while Temporal is away each takes its whole deadline.
  await Promise.all(swept.ended.map(async ({ id }) => deps.ended?.(id)));
  for (const row of swept.unstarted) await startUnstarted(deps, row);
}

function tellPassedOver(log: Logger, enrollmentId: EnrollmentId, error: unknown): void {
  if (error === undefined) log.info({ enrollmentId }, 'sweeper: somebody holds an overdue enrollment; it comes in the next turn');
  else log.warn({ err: error, enrollmentId }, 'sweeper: could not end an overdue enrollment; trying again in the next turn');
}

/** One row that cannot be started must not hold up those behind it; the next turn meets it again. */
async function startUnstarted({ db, log, start }: SweeperDeps, row: EnrollmentRow): Promise<void> {
  if (start === undefined) return;
  try {
    await start(row);
    await markStarted(db, row.id, 'sweeper');
    log.warn({ enrollmentId: row.id }, 'sweeper: started a workflow that its creator had not started');
  } catch (error) {
    log.warn({ err: error, enrollmentId: row.id }, 'sweeper: could not start a workflow; trying again in the next turn');
  }
}
