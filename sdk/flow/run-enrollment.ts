import type { CardCredentials } from '../card/card-content.ts';
import { EnrollmentEnded, EnrollmentProblem } from '../enrollment-problem.ts';
import type { CredentialsOrWait } from '../https/enrollment-client.ts';
import type { ViewAnswer } from '../https/parse-answers.ts';
import { SdkError } from '../sdk-error.ts';
import { acceptCredentials } from './accept-credentials.ts';
import { acknowledgeStage } from './acknowledge-stage.ts';
import { csrStage } from './csr-stage.ts';
import type { Flow } from './flow.ts';
import { pinStage } from './pin-stage.ts';

/** The service may hold a call for credentials this long. */
const WAIT_SECONDS = 25;
/** Between two views when there is nothing to call (a locked user, an unknown `next`). */
const PAUSE_MILLISECONDS = 3000;
/** How often a call may find another state than the view before it promised: a lost race or two, not a loop. */
const MOST_SURPRISES = 5;

/** Goes by `next` of the view until the enrollment is complete. The journal says what must be repeated first. */
export async function runEnrollment(flow: Flow): Promise<CardCredentials> {
  if (flow.options.roots.length === 0) throw new SdkError('configuration', 'roots is empty: without them no certificate can be accepted');
  for (let surprises = 0; ; ) {
    try {
      const done = await oneStep(flow);
      if (done !== undefined) return done;
    } catch (error) {
      await endIfGone(flow, error);
      if (!isSurprise(error) || ++surprises > MOST_SURPRISES) throw error;
    }
  }
}

async function oneStep(flow: Flow): Promise<CardCredentials | undefined> {
  const { checked, proof } = flow.store.journal;
  if (checked !== undefined && proof !== undefined) return acknowledgeOrReread(flow, proof);
  const view = await flow.client.view();
  flow.steps.done('view-read', `state ${view.state}, next ${view.next}`);
  return followView(flow, view);
}

async function followView(flow: Flow, view: ViewAnswer): Promise<CardCredentials | undefined> {
  switch (view.next) {
    case 'pin.setup':
      return noneAfter(pinStage(flow, view, 'setup'));
    case 'pin.verify':
      return noneAfter(pinStage(flow, view, 'verify'));
    case 'csr':
      await forgetAttempt(flow);
      return take(flow, await csrStage(flow, view));
    case 'credentials':
      return take(flow, await flow.client.credentials(WAIT_SECONDS));
    case 'wait':
      return waitStage(flow, view);
    case 'none':
      return end(flow, view.state, view.code ?? 'credentials_gone');
    default:
      return assertNever(view.next);
  }
}

/** Checks and stores what came; the next step acknowledges. */
async function take(flow: Flow, answer: CredentialsOrWait | undefined): Promise<undefined> {
  if (answer === undefined) return;
  if ('credentials' in answer) return acceptCredentials(flow, answer.credentials).then(() => undefined);
  flow.steps.done('waiting', 'the service is issuing');
  await flow.connection.pause(answer.retryAfterSeconds * 1000);
}

async function waitStage(flow: Flow, view: ViewAnswer): Promise<undefined> {
  if (view.state === 'issuing') return take(flow, await flow.client.credentials(WAIT_SECONDS));
  flow.steps.done('waiting', `nothing to do in state ${view.state}: asking again in ${PAUSE_MILLISECONDS / 1000} s`);
  await flow.connection.pause(PAUSE_MILLISECONDS);
}

/** `wrong_state` after a crash or race: what was stored is checked again against a fresh answer. */
async function acknowledgeOrReread(flow: Flow, proof: string): Promise<CardCredentials> {
  try {
    return await acknowledgeStage(flow, proof);
  } catch (error) {
    if (isSurprise(error)) await flow.store.note({ checked: undefined, proof: undefined });
    throw error;
  }
}

/** The PIN stage is over: the hash has no business on the card any more. */
async function forgetAttempt(flow: Flow): Promise<void> {
  if (flow.store.journal.attempt !== undefined) await flow.store.note({ attempt: undefined });
}

/** 410: nothing of this enrollment will ever be delivered; destroy what there is (protocol §3). */
async function endIfGone(flow: Flow, error: unknown): Promise<void> {
  if (!(error instanceof EnrollmentProblem) || error.status !== 410) return;
  const { state, endCode } = error.extras;
  await end(flow, typeof state === 'string' ? state : 'ended', typeof endCode === 'string' ? endCode : error.code);
}

async function end(flow: Flow, state: string, code: string): Promise<never> {
  const { enrollmentId } = flow.store.journal;
  await flow.store.change((content) => ({ ...content, journal: undefined }));
  flow.steps.done('destroyed', `the enrollment ended (${state}, ${code}): its keys are destroyed`);
  throw new EnrollmentEnded(enrollmentId, state, code);
}

function isSurprise(error: unknown): boolean {
  return error instanceof EnrollmentProblem && error.code === 'wrong_state';
}

async function noneAfter(stage: Promise<void>): Promise<undefined> {
  await stage;
}

function assertNever(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
