import { allHandlersFinished, condition, continueAsNew, patched, workflowInfo } from '@temporalio/workflow';
import type { OpenState } from '../contract/states.ts';
import type { EnrollmentInput, EnrollmentResult } from '../contract/temporal.ts';
import { hasLeft, type Progress } from './progress.ts';

/**
 * Ten times a full enrollment: only a flood of messages makes so long a history. Whoever holds an enrollment token may repeat a satisfied
 * PIN, a signal each, and Temporal ends a run at 51,200 events: the enrollment would be lost to its own device (ADR 35).
 */
const MOST_EVENTS = 400;

/**
 * A waiting run with a long history goes on in a new one, with the clocks of this stage and of the whole. Not while a handler is under
 * way: its caller would wait in vain.
 */
export async function continueWhenLong(progress: Progress, stage: OpenState): Promise<void> {
  if (stage === 'issuing' || !isLong() || !patched('2026-11-continue-as-new')) return;
  await condition(() => allHandlersFinished() || hasLeft(progress, stage));
  if (hasLeft(progress, stage)) return;
  const { enrollmentId, limits, startedAt, stageSince } = progress;
  await continueAsNew<(input: EnrollmentInput) => Promise<EnrollmentResult>>({
    enrollmentId,
    limits,
    since: { startedAt, stage, stageSince },
  });
}

/** The server suggests it too when updates come near their limit (2,000 a run). */
function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return historyLength > MOST_EVENTS || continueAsNewSuggested;
}
