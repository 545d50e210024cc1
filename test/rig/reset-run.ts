import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';

/** Resets a run to its first or last workflow task, as an operator does in the Temporal UI. Gives the run id of the new run. */
export async function resetRun(handle: WorkflowHandle, to: 'first' | 'last' = 'first'): Promise<string> {
  const { events } = await handle.fetchHistory();
  const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED: completed } = proto.temporal.api.enums.v1.EventType;
  const task = events?.filter(({ eventType }) => eventType === completed).at(to === 'first' ? 0 : -1);
  if (task?.eventId === undefined || task.eventId === null) throw new Error('no workflow task was completed');
  const { runId } = await handle.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId },
    reason: 'by hand',
    requestId: randomUUID(),
    workflowTaskFinishEventId: task.eventId,
  });
  return runId;
}
