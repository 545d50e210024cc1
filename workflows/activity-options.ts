import { type ActivityOptions, type LocalActivityOptions, workflowInfo } from '@temporalio/workflow';
import { ENROLLMENT_TASK_QUEUE, ISSUANCE_TASK_QUEUE } from '../contract/temporal.ts';

/**
 * Short steps on the row. `maximumAttempts` bounds them, because `scheduleToCloseTimeout` alone did not stop retries when measured;
 * all attempts together stay below the workflow task heartbeat, so that a waiting HTTP call learns of trouble in its deadline.
 */
export const SHORT_STEP: LocalActivityOptions = {
  startToCloseTimeout: '9 s',
  retry: { initialInterval: '100 ms', backoffCoefficient: 2, maximumInterval: '1 s', maximumAttempts: 4 },
};

/** After a short step failed for good, the story waits this long before it tries again: a database restart takes seconds. */
export const PAUSE_AFTER_TROUBLE_MS = 10_000;

/**
 * Issuing. One attempt makes an RSA key (0.2 s, on a loaded machine seconds) and two signatures; a dead worker is noticed after
 * `startToCloseTimeout`. Retried until the deadline of the whole, at most 10 s apart: whoever waits is a person with a phone.
 */
export function issuing(remainingMs: number): ActivityOptions {
  return {
    taskQueue: ISSUANCE_TASK_QUEUE + installation(),
    startToCloseTimeout: '20 s',
    scheduleToCloseTimeout: remainingMs,
    retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '10 s' },
    summary: 'make and seal the SDK key, sign both certificates',
  };
}

/** Several installations in one namespace tell their queues apart by a suffix; a run stays in the one that started it. */
function installation(): string {
  return workflowInfo().taskQueue.slice(ENROLLMENT_TASK_QUEUE.length);
}
