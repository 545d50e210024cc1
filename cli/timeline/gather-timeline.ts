import type { EnrollmentId } from '../../contract/ids.ts';
import { enrollmentWorkflowId } from '../../contract/ids.ts';
import type { Timeline } from '../../contract/timeline.ts';
import { type Explanation, explainEnd } from '../../core/timeline/explain-end.ts';
import { tellTimeline } from '../../core/timeline/tell-timeline.ts';
import type { Database } from '../../store/database.ts';
import { readTimelineRows } from '../../store/timeline.ts';
import { readWorkflowEvents } from '../../temporal/workflow-events.ts';

/** A Temporal client of any kind; it needs no codec key. */
export type HistoryClient = Parameters<typeof readWorkflowEvents>[0];

/** The timeline of an enrollment from database and Temporal; without a client, or while Temporal is away, from the audit alone. */
export async function gatherTimeline(db: Database, client: HistoryClient | undefined, id: EnrollmentId): Promise<Timeline> {
  const rows = await readTimelineRows(db, id);
  if (rows === undefined)
    throw new Error(
      `There is no enrollment ${id}: cs find --device or --user leads to its id. What ended long ago is removed (docs/data.md).`,
    );
  const events =
    client === undefined ? 'unavailable' : await readWorkflowEvents(client, enrollmentWorkflowId(id)).catch(() => 'unavailable' as const);
  return tellTimeline({ ...rows, events });
}

/** Whether the timeline alone explains why the enrollment ended as it did. For programs that check many. */
export async function explain(db: Database, client: HistoryClient | undefined, id: EnrollmentId): Promise<Explanation> {
  return explainEnd(await gatherTimeline(db, client, id));
}
