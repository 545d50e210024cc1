import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { IssuanceActivities } from '../activities/index.ts';
import { deadlineCode, type EndCode, type OpenState } from '../contract/states.ts';
import type { EnrollmentInput, EnrollmentResult } from '../contract/temporal.ts';
import { issuing } from './activity-options.ts';
import { checkedInput } from './checked-input.ts';
import { continueWhenLong } from './continue-as-new.ts';
import { handleMessages } from './handlers.ts';
import { deadlineSummary } from './operator-card.ts';
import { hasLeft, newProgress, openStage, type Progress, stageBudgetMs } from './progress.ts';
import { endRow, readRow, takeForward } from './row-steps.ts';
import { showStage } from './show-stage.ts';

/**
 * One enrollment of one device, from the PIN to the acknowledgement (protocol §4). The enrollment row is the authority for state;
 * this run keeps time and order and compensates. It reads the row first, so that a reset run or one started by hand goes on where
 * the row stands, and it ends when the row has ended.
 *
 * @throws ApplicationFailure `enrollment_not_found` when there is no row, `invalid_body` when the input is not ours; never retried.
 */
export async function enrollment(input: EnrollmentInput): Promise<EnrollmentResult> {
  const progress = newProgress(checkedInput(input), Date.now());
  handleMessages(progress);
  if (input.since !== undefined) showStage(progress);
  try {
    await story(progress);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // Request Cancellation in the Temporal UI: the same effect as the update `cancel`.
    await endRow(progress, { state: 'cancelled', code: 'cancelled' });
  }
  progress.over = true;
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return { state: progress.state ?? 'cancelled', ...(progress.code === undefined ? {} : { code: progress.code }) };
}

async function story(progress: Progress): Promise<void> {
  await readRow(progress);
  for (let stage = openStage(progress); stage !== undefined; stage = openStage(progress)) {
    await continueWhenLong(progress, stage);
    await play(progress, stage);
  }
}

function play(progress: Progress, stage: OpenState): Promise<void> {
  return stage === 'issuing' ? issue(progress) : awaitDevice(progress, stage);
}

/** The API writes the PIN's row, CSR and acknowledgement come as updates; any signal makes the run look at its row. */
async function awaitDevice(progress: Progress, stage: Exclude<OpenState, 'issuing'>): Promise<void> {
  const inTime = await untilDeadline(progress, stage);
  if (inTime && progress.woken) await readRow(progress);
}

/** Waits until the stage was left or a signal came; past the deadline it ends the row, if the row is still in that stage. */
async function untilDeadline(progress: Progress, stage: OpenState): Promise<boolean> {
  const budget = progress.stageSince + stageBudgetMs(progress, stage) - Date.now();
  const summary = deadlineSummary(stage);
  const inTime = await condition(() => hasLeft(progress, stage) || progress.woken, Math.max(budget, 1), { summary });
  if (!inTime) await expire(progress, stage);
  return inTime;
}

function expire(progress: Progress, stage: OpenState): Promise<void> {
  return endRow(progress, { state: 'expired', code: deadlineCode(stage), expected: stage });
}

/** The only stage in which the service works: done by the issuance process, cut short when the row ends meanwhile. */
async function issue(progress: Progress): Promise<void> {
  const scope = new CancellationScope();
  const work = scope.run(() => issueCredentials(progress));
  work.catch(() => undefined); // once the row has ended nobody waits for it
  await Promise.race([work, condition(() => hasLeft(progress, 'issuing'))]);
  scope.cancel();
}

/** Whatever is not the one good answer (an activity can be completed by hand, with anything) makes the run read its row. */
async function issueCredentials(progress: Progress): Promise<void> {
  const remaining = progress.stageSince + stageBudgetMs(progress, 'issuing') - Date.now();
  const { issueCredentials: work } = proxyActivities<IssuanceActivities>(issuing(Math.max(remaining, 1)));
  try {
    const issued = await work({ enrollmentId: progress.enrollmentId });
    if (issued.state === 'awaiting-ack') takeForward(progress, issued);
    else await readRow(progress);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await endAfterFailure(progress, error);
  }
}

/** Permanent trouble ends as `failed` with its code; anything else was retried until the deadline. */
function endAfterFailure(progress: Progress, error: unknown): Promise<void> {
  const code = permanentCode(error);
  return code === undefined ? expire(progress, 'issuing') : endRow(progress, { state: 'failed', code, expected: 'issuing' });
}

function permanentCode(error: unknown): EndCode | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure)) return undefined;
  return cause.type === 'issuing_refused' || cause.type === 'issuer_unavailable' ? cause.type : undefined;
}
