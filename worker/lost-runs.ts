import type { Logger } from 'pino';
import type { EnrollmentId } from '../contract/ids.ts';
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

async function startAll({ db, start }: LostRunsDeps): Promise<void> {
  for (let rows = await openStartedAfter(db); rows.length > 0; rows = await openStartedAfter(db, lastId(rows))) {
    for (const row of rows) await start(row);
  }
}

function lastId(rows: readonly EnrollmentRow[]): EnrollmentId | undefined {
  return rows.at(-1)?.id;
}
