import {
  type Client,
  isGrpcServiceError,
  ServiceError as TemporalServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { EnrollmentId } from '../contract/ids.ts';
import { enrollmentWorkflowId } from '../contract/ids.ts';
import { CS_DEADLINE, CS_STATE } from '../contract/search-attributes.ts';
import { ServiceError } from '../contract/service-error.ts';
import {
  type AcknowledgeResult,
  acknowledge,
  type CancelResult,
  cancel,
  ENROLLMENT_TASK_QUEUE,
  ENROLLMENT_WORKFLOW,
  type EnrollmentProcess,
  enrollmentProcess,
  pinLocked,
  pinSatisfied,
  rowChanged,
  type SubmitCsrResult,
  submitCsr,
} from '../contract/temporal.ts';
import type { WorkflowEvent } from '../contract/timeline.ts';
import type { FaultPoint } from '../faults/fault-points.ts';
import { reach } from '../faults/reach.ts';
import type { EnrollmentRow } from '../store/enrollment-row.ts';
import { readWorkflowEvents } from '../temporal/workflow-events.ts';

/**
 * What the calls ask of Temporal. Each answers within its deadline; trouble becomes `service_unavailable`, a run that is not there
 * `workflow_unavailable`. Every request may be repeated.
 */
export interface EnrollmentGateway {
  /** Starts the workflow of a row; one that ran before is not started again. */
  start(row: EnrollmentRow): Promise<void>;
  /** Wakes the run so that it reads its row. */
  wake(id: EnrollmentId, event: 'pinSatisfied' | 'pinLocked'): Promise<void>;
  /** Undefined: not done within `waitMs`; the row says how far it came. */
  submitCsr(id: EnrollmentId, digest: string, requestId: string, waitMs: number): Promise<SubmitCsrResult | undefined>;
  acknowledge(id: EnrollmentId, proof: string, requestId: string): Promise<AcknowledgeResult>;
  cancel(id: EnrollmentId, requestId: string): Promise<CancelResult>;
  /** Undefined when no worker answers in time. */
  process(id: EnrollmentId): Promise<EnrollmentProcess | undefined>;
  /** What the histories of its runs tell, in clear; undefined: Temporal knows no run of it. */
  history(id: EnrollmentId): Promise<WorkflowEvent[] | 'unavailable' | undefined>;
  /** Asks a run whose row has ended to look at it; best effort. */
  nudge(id: EnrollmentId): Promise<void>;
  /** Ends a run whose row has ended and which cannot see it; one that is closed or gone stays so. */
  terminate(id: EnrollmentId, reason: string): Promise<void>;
}

const START_MS = 4_000;
const SIGNAL_MS = 4_000;
const UPDATE_MS = 10_000;
const QUERY_MS = 500;
const HISTORY_MS = 5_000;

export interface GatewayOptions {
  taskQueueSuffix: string;
  /** Of this process, for the deadlines of calls. */
  now: () => number;
  /** What is left of an enrollment is judged by the database's clock. */
  databaseTime: () => Promise<Date>;
}

export function temporalGateway(client: Client, { taskQueueSuffix, now, databaseTime }: GatewayOptions): EnrollmentGateway {
  const handle = (id: EnrollmentId): WorkflowHandle => client.workflow.getHandle(enrollmentWorkflowId(id));
  const within = <Result>(ms: number, call: () => Promise<Result>) => client.withDeadline(now() + ms, () => translated(call));
  return {
    start: (row) =>
      within(START_MS, async () => start(client, row, ENROLLMENT_TASK_QUEUE + taskQueueSuffix, await databaseTime())).then(() =>
        reach('workflow-started', row.id),
      ),
    wake: (id, event) =>
      within(SIGNAL_MS, () => handle(id).signal(event === 'pinSatisfied' ? pinSatisfied : pinLocked)).then(() => reach('signal-sent', id)),
    submitCsr: (id, digest, requestId, waitMs) =>
      within(waitMs, () => untilDeadline(() => handle(id).executeUpdate(submitCsr, { args: [{ digest }], updateId: requestId }))).then(
        answeredAt('update-answered', id),
      ),
    acknowledge: (id, proof, requestId) =>
      within(UPDATE_MS, () => handle(id).executeUpdate(acknowledge, { args: [{ proof }], updateId: requestId })).then(
        answeredAt('ack-answered', id),
      ),
    cancel: (id, requestId) =>
      within(UPDATE_MS, () => handle(id).executeUpdate(cancel, { args: [{}], updateId: requestId })).then(
        answeredAt('cancel-answered', id),
      ),
    process: (id) => within(QUERY_MS, () => handle(id).query(enrollmentProcess)).catch(() => undefined),
    history: (id) => within(HISTORY_MS, () => readWorkflowEvents(client, enrollmentWorkflowId(id))).catch(() => 'unavailable' as const),
    terminate: (id, reason) => within(SIGNAL_MS, () => terminate(handle(id), reason)),
    nudge: (id) => within(SIGNAL_MS, () => handle(id).signal(rowChanged)).catch(() => undefined),
  };
}

/** The run has answered, the caller has not heard of it yet. */
function answeredAt<Result>(point: FaultPoint, id: EnrollmentId): (result: Result) => Promise<Result> {
  return async (result) => {
    await reach(point, id);
    return result;
  };
}

async function terminate(handle: WorkflowHandle, reason: string): Promise<void> {
  try {
    await handle.terminate(reason);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

async function start(client: Client, row: EnrollmentRow, taskQueue: string, now: Date): Promise<void> {
  const { pinSeconds, csrSeconds, ackSeconds } = row;
  const wholeSeconds = Math.max(Math.ceil((row.expiresAt.getTime() - now.getTime()) / 1_000), 1);
  try {
    await client.workflow.start(ENROLLMENT_WORKFLOW, {
      workflowId: enrollmentWorkflowId(row.id),
      taskQueue,
      args: [{ enrollmentId: row.id, limits: { pinSeconds, csrSeconds, ackSeconds, wholeSeconds } }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `Device enrollment (${row.platform})`,
      typedSearchAttributes: [
        { key: CS_STATE, value: row.state },
        { key: CS_DEADLINE, value: row.stageDeadline },
      ],
    });
  } catch (error) {
    // It ran before and is closed: started, all the same.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** An update that is not done in time goes on without us. */
async function untilDeadline<Result>(update: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await update();
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return undefined;
    throw error;
  }
}

async function translated<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw toServiceError(error);
  }
}

function toServiceError(error: unknown): unknown {
  if (error instanceof ServiceError) return error;
  if (error instanceof WorkflowNotFoundError) return new ServiceError('workflow_unavailable');
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return new ServiceError('service_unavailable', 'No worker answered in time.', {}, 2);
  // A run that ended in the meantime fails the update; the row says how it ended.
  if (error instanceof WorkflowUpdateFailedError) return new ServiceError('workflow_unavailable');
  if (error instanceof TemporalServiceError || isGrpcServiceError(error))
    return new ServiceError('service_unavailable', 'Temporal does not answer or is busy.', {}, 2);
  return error;
}
