import type { Logger } from 'pino';
import type { Database } from '../store/database.ts';
import type { EnrollmentRow } from '../store/enrollment-row.ts';
import { openStartedAfter } from '../store/open-started.ts';

export interface LostRunsDeps {
  db: Database;
  log: Logger;
  /** Another text means another cluster. */
  cluster: () => Promise<string>;
  /** Search attributes, in a cluster that was not met before. */
  prepare: () => Promise<void>;
  /** Starts the run of a row; one that runs, or ran and is closed, is left as it is. */
  start: (row: EnrollmentRow) => Promise<void>;
}

/**
 * A turn that starts the runs of all open rows when the cluster is another one than at the last turn, and once after the start of this
 * process: what the cluster does not know any more begins again where its row stands, a terminated run stays terminated (ADR 36).
 * May be repeated; a turn that failed is made again.
 */
export function lostRuns(deps: LostRunsDeps): () => Promise<void> {
  let known: string | undefined;
  return async () => {
    const cluster = await deps.cluster();
    if (cluster === known) return;
    if (known !== undefined) deps.log.warn('Temporal is another cluster than before: starting the runs of all open enrollments');
    await deps.prepare();
    await startAll(deps);
    known = cluster;
  };
}

/** As many starts fail one after the other, and it is not the rows: Temporal is away. */
const MOST_FAILURES = 10;

/** A row that cannot be started does not hold up those behind it; the turn fails all the same, after them, and is made again. */
async function startAll(deps: LostRunsDeps): Promise<void> {
  let [failed, inARow] = [0, 0];
  for await (const row of openRows(deps.db)) {
    const started = await tryStart(deps, row);
    failed += started ? 0 : 1;
    inARow = started ? 0 : inARow + 1;
    if (inARow === MOST_FAILURES) break;
  }
  if (failed > 0) throw new Error(`${failed} run(s) of open enrollments could not be started`);
}

async function* openRows(db: Database): AsyncGenerator<EnrollmentRow> {
  for (let rows = await openStartedAfter(db); rows.length > 0; rows = await openStartedAfter(db, rows.at(-1)?.id)) yield* rows;
}

async function tryStart({ log, start }: LostRunsDeps, row: EnrollmentRow): Promise<boolean> {
  try {
    await start(row);
    return true;
  } catch (error) {
    log.warn({ err: error, enrollmentId: row.id }, 'could not start the run of an open enrollment; trying again in the next turn');
    return false;
  }
}
