import { ActivityFailure, ApplicationFailure, CancellationScope, isCancellation, proxyLocalActivities, sleep } from '@temporalio/workflow';
import type { EnrollmentActivities } from '../activities/index.ts';
import type { EndCode, EndState, OpenState } from '../contract/states.ts';
import { PAUSE_AFTER_TROUBLE_MS, SHORT_STEP } from './activity-options.ts';
import { inTurn } from './in-turn.ts';
import { adopt, type Progress, type Seen } from './progress.ts';
import { showStage } from './show-stage.ts';

const reading = proxyLocalActivities<EnrollmentActivities>({ ...SHORT_STEP, summary: 'read the row' });
const ending = proxyLocalActivities<EnrollmentActivities>({ ...SHORT_STEP, summary: 'end: erase, revoke, CRL due' });

export interface End {
  state: Exclude<EndState, 'completed'>;
  code: EndCode;
  expected?: OpenState;
}

/** Reads the row and takes over what it says. */
export async function readRow(progress: Progress): Promise<void> {
  progress.woken = false;
  takeOver(progress, await persistently(progress, () => reading.readEnrollment({ enrollmentId: progress.enrollmentId })));
}

/** Ends the enrollment with its compensation, also while the run is being cancelled, and takes over what the row says then. */
export async function endRow(progress: Progress, end: End): Promise<void> {
  const request = { enrollmentId: progress.enrollmentId, ...end };
  takeOver(progress, await CancellationScope.nonCancellable(() => persistently(progress, () => ending.endEnrollment(request))));
}

/** Of a row that was read in turn. */
export function takeOver(progress: Progress, seen: Seen): void {
  if (adopt(progress, seen, 'read', Date.now())) showStage(progress);
}

/** Of an answer that may be late or not the row's. */
export function takeForward(progress: Progress, seen: Seen): void {
  if (adopt(progress, seen, 'reported', Date.now())) showStage(progress);
}

/** The row must be read or ended, however long the database is away; only a row that does not exist ends the run. */
async function persistently<Result>(progress: Progress, step: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await inTurn(progress, step);
    } catch (error) {
      if (isFinal(error)) throw error;
      await sleep(PAUSE_AFTER_TROUBLE_MS, { summary: 'the database was away; trying again' });
    }
  }
}

/** Cancellation, or a row that does not exist: trying again cannot help. */
function isFinal(error: unknown): boolean {
  if (isCancellation(error)) return true;
  // A local activity fails with what it threw, a regular one with that as the cause.
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure && thrown.nonRetryable === true;
}
