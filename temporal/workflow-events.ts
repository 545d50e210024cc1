import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { WorkflowEvent } from '../contract/timeline.ts';
import { describeEvent, type Names } from './describe-event.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/**
 * What the histories of a workflow tell, oldest first, all runs of it (a reset makes another one). Needs no codec key: everything told is
 * in clear. Undefined: Temporal knows no such workflow. Throws when Temporal does not answer.
 */
export async function readWorkflowEvents(client: Client, workflowId: string): Promise<WorkflowEvent[] | undefined> {
  const newest = await runIdOf(client, workflowId);
  if (newest === undefined) return undefined;
  const runs = new Set([newest, ...(await listedRuns(client, workflowId))]);
  const events = await Promise.all([...runs].map((runId) => eventsOf(client, workflowId, runId)));
  return events.flat().toSorted((one, other) => one.at.localeCompare(other.at) || one.id - other.id);
}

async function runIdOf(client: Client, workflowId: string): Promise<string | undefined> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).runId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** The visibility store lags behind, and the time-skipping server has none: earlier runs are told as far as they are listed. */
async function listedRuns(client: Client, workflowId: string): Promise<string[]> {
  const runs: string[] = [];
  try {
    for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.push(runId);
  } catch {
    return runs;
  }
  return runs;
}

async function eventsOf(client: Client, workflowId: string, runId: string): Promise<WorkflowEvent[]> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const names: Names = new Map();
  return (events ?? []).flatMap((event) => {
    const described = describeEvent(event, names);
    return described === undefined ? [] : [{ at: timeOf(event), runId, id: Number(event.eventId), ...described }];
  });
}

function timeOf({ eventTime }: HistoryEvent): string {
  const milliseconds = Number(eventTime?.seconds ?? 0) * 1_000 + Math.floor((eventTime?.nanos ?? 0) / 1_000_000);
  return new Date(milliseconds).toISOString();
}
