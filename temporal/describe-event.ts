import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export interface Described {
  what: string;
  actor: string;
  outcome?: string;
  /** Type of a failure, cause, or what a person wrote who terminated the run. */
  reason?: string;
  attempt?: number;
}

/** Names that later events refer to by the id of an earlier one. */
export type Names = Map<string, string>;

/**
 * One event of a history in words, from its clear parts only: names, attempts, types of failures. Undefined: it tells nothing that an operator
 * or auditor asks for (workflow tasks that went well, search attributes).
 */
export function describeEvent(event: HistoryEvent, names: Names): Described | undefined {
  return ofRun(event) ?? ofMessage(event, names) ?? ofActivity(event, names) ?? ofTimer(event, names) ?? ofTrouble(event);
}

function ofRun(event: HistoryEvent): Described | undefined {
  const { workflowExecutionStartedEventAttributes: started, workflowExecutionFailedEventAttributes: failed } = event;
  const { workflowExecutionTerminatedEventAttributes: terminated, workflowExecutionCancelRequestedEventAttributes: asked } = event;
  if (started) return { what: 'run started', actor: by(started.identity) };
  if (event.workflowExecutionCompletedEventAttributes) return { what: 'run ended', actor: 'workflow', outcome: 'completed' };
  if (failed) return { what: 'run ended', actor: 'workflow', outcome: 'failed', ...because(typeOf(failed.failure)) };
  if (event.workflowExecutionTimedOutEventAttributes) return { what: 'run ended', actor: 'temporal', outcome: 'timed out' };
  if (event.workflowExecutionCanceledEventAttributes) return { what: 'run ended', actor: 'workflow', outcome: 'cancelled' };
  if (terminated) return { what: 'run ended', actor: by(terminated.identity), outcome: 'terminated', ...because(terminated.reason) };
  return asked ? { what: 'cancellation requested', actor: by(asked.identity), ...because(asked.cause) } : undefined;
}

function ofMessage(event: HistoryEvent, names: Names): Described | undefined {
  const { workflowExecutionSignaledEventAttributes: signal } = event;
  const { workflowExecutionUpdateAcceptedEventAttributes: accepted, workflowExecutionUpdateCompletedEventAttributes: completed } = event;
  if (signal) return { what: `signal ${signal.signalName ?? ''}`, actor: by(signal.identity) };
  if (accepted) {
    const name = accepted.acceptedRequest?.input?.name ?? '';
    names.set(`update ${String(event.eventId)}`, name);
    return { what: `update ${name}`, actor: by(accepted.acceptedRequest?.meta?.identity), outcome: 'accepted' };
  }
  if (!completed) return undefined;
  const what = `update ${names.get(`update ${String(completed.acceptedEventId)}`) ?? ''}`;
  const failure = completed.outcome?.failure;
  return { what, actor: 'workflow', outcome: failure ? 'failed' : 'answered', ...because(typeOf(failure)) };
}

function ofActivity(event: HistoryEvent, names: Names): Described | undefined {
  const { activityTaskScheduledEventAttributes: scheduled, activityTaskStartedEventAttributes: started } = event;
  if (scheduled) {
    names.set(`activity ${String(event.eventId)}`, scheduled.activityType?.name ?? '');
    return { what: `activity ${scheduled.activityType?.name ?? ''}`, actor: 'workflow', outcome: 'scheduled' };
  }
  const of = (id: unknown) => `activity ${names.get(`activity ${String(id)}`) ?? ''}`;
  if (started) {
    const attempt = started.attempt ?? 1;
    const what = of(started.scheduledEventId);
    return { what, actor: by(started.identity), outcome: 'started', attempt, ...because(typeOf(started.lastFailure)) };
  }
  return activityEnd(event, of) ?? localActivity(event);
}

function activityEnd(event: HistoryEvent, of: (scheduledEventId: unknown) => string): Described | undefined {
  const { activityTaskCompletedEventAttributes: completed, activityTaskFailedEventAttributes: failed } = event;
  const { activityTaskTimedOutEventAttributes: timedOut, activityTaskCanceledEventAttributes: cancelled } = event;
  if (completed) return { what: of(completed.scheduledEventId), actor: by(completed.identity), outcome: 'completed' };
  if (failed)
    return { what: of(failed.scheduledEventId), actor: by(failed.identity), outcome: 'failed', ...because(typeOf(failed.failure)) };
  if (timedOut) return { what: of(timedOut.scheduledEventId), actor: 'temporal', outcome: 'timed out' };
  return cancelled ? { what: of(cancelled.scheduledEventId), actor: 'workflow', outcome: 'cancelled' } : undefined;
}

/** A local activity is a marker whose name and attempt the SDK writes in clear; its result is encrypted. */
function localActivity({ markerRecordedEventAttributes: marker }: HistoryEvent): Described | undefined {
  if (marker?.markerName !== 'core_local_activity') return undefined;
  const data = json(marker.details?.['data']?.payloads?.[0]?.data);
  const type: unknown = Reflect.get(data, 'activity_type');
  const attempt: unknown = Reflect.get(data, 'attempt');
  return {
    what: `local activity ${typeof type === 'string' ? type : ''}`,
    actor: 'workflow',
    outcome: marker.failure ? 'failed' : 'completed',
    ...because(typeOf(marker.failure)),
    ...(typeof attempt === 'number' ? { attempt } : {}),
  };
}

function json(data: Uint8Array | null | undefined): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(data ?? []).toString());
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function ofTimer(event: HistoryEvent, names: Names): Described | undefined {
  const { timerStartedEventAttributes: started, timerFiredEventAttributes: fired, timerCanceledEventAttributes: cancelled } = event;
  if (started) {
    const seconds = Number(started.startToFireTimeout?.seconds ?? 0);
    names.set(`timer ${started.timerId ?? ''}`, `${seconds} s`);
    return { what: `timer of ${seconds} s`, actor: 'workflow', outcome: 'started' };
  }
  const length = (id: string | null | undefined) => names.get(`timer ${id ?? ''}`) ?? '';
  if (fired) return { what: `timer of ${length(fired.timerId)}`, actor: 'temporal', outcome: 'fired' };
  return cancelled ? { what: `timer of ${length(cancelled.timerId)}`, actor: 'workflow', outcome: 'cancelled' } : undefined;
}

/** A workflow task that fails again and again is what a stuck run looks like. */
function ofTrouble({
  workflowTaskFailedEventAttributes: failed,
  workflowTaskTimedOutEventAttributes: timedOut,
}: HistoryEvent): Described | undefined {
  if (failed) return { what: 'workflow task', actor: by(failed.identity), outcome: 'failed', ...because(typeOf(failed.failure)) };
  return timedOut ? { what: 'workflow task', actor: 'temporal', outcome: 'timed out' } : undefined;
}

function by(identity: string | null | undefined): string {
  return identity === null || identity === undefined || identity === '' ? 'temporal' : `client:${identity}`;
}

function because(reason: string | null | undefined): { reason?: string } {
  return reason === null || reason === undefined || reason === '' ? {} : { reason };
}

/** Only the type: messages of failures are encrypted. An activity's failure carries what it threw as its cause. */
function typeOf(failure: temporal.api.failure.v1.IFailure | null | undefined): string | undefined {
  if (!failure) return undefined;
  return failure.applicationFailureInfo?.type ?? typeOf(failure.cause) ?? undefined;
}
