import type { SweepResponse } from '../../../contract/operator-http.ts';
import type { EnrollmentRow } from '../../../store/enrollment-row.ts';
import { markStarted } from '../../../store/read-enrollment.ts';
import { sweepEnrollments } from '../../../store/sweep.ts';
import type { ApiDeps } from '../../deps.ts';
import { operatorCall } from '../../middleware/operator.ts';

/**
 * POST /v1/operator/sweep: one turn of the worker's sweeper, now; ends what is overdue also without Temporal and without a worker.
 * May be repeated.
 */
export const postSweep = operatorCall('operator.sweep', async ({ deps, res, actor }) => {
  const { sweepGraceSeconds, startGraceSeconds } = deps.config;
  const swept = await sweepEnrollments(deps.db, sweepGraceSeconds, startGraceSeconds, actor);
  for (const { id } of swept.ended) void deps.gateway.nudge(id);
  const started = await startAll(deps, swept.unstarted);
  const ended = swept.ended.map(({ id, state }) => ({ enrollmentId: id, state }));
  const passedOver = swept.passedOver.map(({ id }) => id);
  res.json({ anotherAtWork: false, ended, passedOver, ...started } satisfies SweepResponse);
});

/** In turn; after the first that fails the others are left to the worker: Temporal is away, and a call has its time. */
async function startAll({ gateway, db }: ApiDeps, rows: readonly EnrollmentRow[]): Promise<Pick<SweepResponse, 'started' | 'notStarted'>> {
  const started: string[] = [];
  try {
    for (const row of rows) {
      await gateway.start(row);
      await markStarted(db, row.id);
      started.push(row.id);
    }
  } catch {
    // Told by notStarted.
  }
  return { started, notStarted: rows.slice(started.length).map(({ id }) => id) };
}
