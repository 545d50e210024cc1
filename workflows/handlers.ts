import {
  ApplicationFailure,
  CancellationScope,
  condition,
  currentUpdateInfo,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import type { EnrollmentActivities } from '../activities/index.ts';
import {
  type AcknowledgeInput,
  type AcknowledgeResult,
  acknowledge,
  type CancelInput,
  type CancelResult,
  cancel,
  type EnrollmentProcess,
  enrollmentProcess,
  pinLocked,
  pinSatisfied,
  rowChanged,
  type SubmitCsrInput,
  type SubmitCsrResult,
  submitCsr,
} from '../contract/temporal.ts';
import { SHORT_STEP } from './activity-options.ts';
import { inTurn } from './in-turn.ts';
import { waitingFor } from './operator-card.ts';
import { hasLeft, type Progress } from './progress.ts';
import { endRow, takeOver } from './row-steps.ts';

const judging = proxyLocalActivities<EnrollmentActivities>({ ...SHORT_STEP, summary: 'judge the CSR' });
const finishing = proxyLocalActivities<EnrollmentActivities>({
  ...SHORT_STEP,
  summary: 'verify the proof, erase the sealed key, activate',
});

/** More waiting calls than this get `issuing` at once: each waits with a connection. */
const MOST_WAITING_CSR = 2;

/** Signals wake, updates act on the row, the query shows. */
export function handleMessages(progress: Progress): void {
  setHandler(pinSatisfied, () => wake(progress));
  setHandler(pinLocked, () => wake(progress));
  setHandler(rowChanged, () => wake(progress));
  setHandler(submitCsr, (input) => onSubmitCsr(progress, input), { validator: refuseMalformedCsr });
  setHandler(acknowledge, (input) => onAcknowledge(progress, input), { validator: refuseMalformedProof });
  setHandler(cancel, (_input: CancelInput | undefined) => onCancel(progress), { validator: refuseMalformedCancel });
  setHandler(enrollmentProcess, () => describe(progress));
}

/** A signal may be sent by anyone: it makes the run read its row and decides nothing. */
function wake(progress: Progress): void {
  progress.woken = true;
}

async function onSubmitCsr(progress: Progress, { digest }: SubmitCsrInput): Promise<SubmitCsrResult> {
  const judgement = await orRetry(progress, () => judging.judgeCsr({ enrollmentId: progress.enrollmentId, digest }));
  if ('retry' in judgement) return judgement;
  takeOver(progress, judgement);
  return 'refused' in judgement ? { refused: judgement.refused } : untilIssued(progress);
}

async function untilIssued(progress: Progress): Promise<SubmitCsrResult> {
  if (progress.waitingCsr >= MOST_WAITING_CSR) return { state: progress.state ?? 'issuing' };
  progress.waitingCsr += 1;
  // Request Cancellation ends the row, and so this wait: the caller gets that state and no failure.
  await CancellationScope.nonCancellable(() => condition(() => hasLeft(progress, 'issuing') || progress.over));
  progress.waitingCsr -= 1;
  return { state: progress.state ?? 'issuing' };
}

async function onAcknowledge(progress: Progress, { proof }: AcknowledgeInput): Promise<AcknowledgeResult> {
  const request = { enrollmentId: progress.enrollmentId, proof, updateId: currentUpdateInfo()?.id ?? '' };
  const result = await orRetry(progress, () => finishing.finalizeDelivery(request));
  if ('state' in result) takeOver(progress, result);
  return result;
}

/** Who sent it nobody can tell here: the row says `workflow`, and who asked the API stands in the API's own audit row. */
async function onCancel(progress: Progress): Promise<CancelResult> {
  await endRow(progress, { state: 'cancelled', code: 'cancelled' });
  return { state: progress.state ?? 'cancelled' };
}

/** Passing trouble is a result and not a failure, which Temporal would remember under the update's id. */
async function orRetry<Result extends object>(progress: Progress, step: () => Promise<Result>): Promise<Result | { retry: true }> {
  try {
    return await inTurn(progress, step);
  } catch {
    return { retry: true };
  }
}

function describe({ state, stageSince, csrRefusalsLeft }: Progress): EnrollmentProcess {
  const stage = state ?? 'awaiting-pin';
  return { stage, waitingFor: waitingFor(stage), since: new Date(stageSince).toISOString(), refusalsLeft: csrRefusalsLeft };
}

/* Validators refuse malformed arguments only (a clear payload decodes to a marker that has none of these members). */

function refuseMalformedCsr(input: Partial<SubmitCsrInput> | undefined): void {
  if (typeof input?.digest !== 'string' || !/^[0-9a-f]{64}$/.test(input.digest)) throw malformed('submitCsr needs {digest: 64 hex digits}');
}

function refuseMalformedProof(input: Partial<AcknowledgeInput> | undefined): void {
  if (typeof input?.proof !== 'string' || input.proof.length > 4_096) throw malformed('acknowledge needs {proof: compact JWS}');
}

function refuseMalformedCancel(input?: Partial<CancelInput>): void {
  if (input === undefined || input === null) return;
  if (Object.keys(input).some((member) => member !== 'by')) throw malformed('cancel takes nothing or {by}');
  if (input.by !== undefined && input.by !== 'device' && input.by !== 'token-service' && input.by !== 'operator')
    throw malformed('cancel takes nothing or {by}');
}

function malformed(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'invalid_body');
}
