import type { Logger } from 'pino';
import type { EnrollmentGateway } from '../api/gateway.ts';
import type { Config } from '../config/load-config.ts';
import type { Database } from '../store/database.ts';
import { DeafRuns } from './deaf-runs.ts';
import type { OverdueWatch } from './overdue-watch.ts';
import { sweep } from './sweeper.ts';

/** The sweeper as this process runs it: ends rows, starts unstarted runs, and ends runs that do not notice the end of their row. */
export function sweepTurn(
  config: Config<'worker'>,
  db: Database,
  gateway: EnrollmentGateway,
  log: Logger,
  overdue: Pick<OverdueWatch, 'look'>,
): () => Promise<void> {
  const { sweepGraceSeconds: graceSeconds, startGraceSeconds } = config;
  const deaf = new DeafRuns({
    nudge: (id) => gateway.nudge(id),
    terminate: (id) => gateway.terminate(id, 'the sweeper ended the row, and the run did not notice'),
    now: Date.now,
  });
  return async () => {
    try {
      await sweep({ db, log, graceSeconds, startGraceSeconds, start: (row) => gateway.start(row), ended: (id) => deaf.tell(id) });
    } finally {
      await overdue.look();
    }
    await deaf.endPatience();
  };
}
