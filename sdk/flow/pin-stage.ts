import { randomUUID } from 'node:crypto';
import type { PinAttempt } from '../card/card-content.ts';
import type { PinRefusal } from '../enrollment-options.ts';
import { EnrollmentProblem } from '../enrollment-problem.ts';
import type { ViewAnswer } from '../https/parse-answers.ts';
import { pinRefusal } from '../pin/check-pin.ts';
import { checkPinParams, hashPin } from '../pin/hash-pin.ts';
import { SdkError } from '../sdk-error.ts';
import type { Flow } from './flow.ts';

/** Outcomes of an attempt: it is over, the user is asked again (or the next view says that the enrollment ended). */
const OUTCOMES = ['pin_incorrect', 'pin_locked', 'pin_already_set', 'pin_not_set', 'pin_params_changed', 'pin_too_weak', 'attempt_lost'];

/**
 * One PIN attempt: the one in flight before a crash, else a new entry by the user. It is on the card before it is sent, and stays there
 * until it has an outcome; no answer, 429 and 503 are none, so that nothing is charged twice (protocol §3).
 */
export async function pinStage(flow: Flow, view: ViewAnswer, mode: 'setup' | 'verify'): Promise<void> {
  const inFlight = flow.store.journal.attempt;
  const attempt = inFlight !== undefined && flow.pinRefusal?.code !== 'pin_retry_later' ? inFlight : await newAttempt(flow, view, mode);
  try {
    await flow.client.putPin(bodyOf(attempt));
  } catch (error) {
    return judgeRefusal(flow, error);
  }
  flow.pinRefusal = undefined;
  await flow.store.note({ attempt: undefined });
  flow.steps.done('pin-accepted', attempt.mode === 'setup' ? 'the PIN was set up' : 'the PIN was right');
}

async function judgeRefusal(flow: Flow, error: unknown): Promise<void> {
  if (!(error instanceof EnrollmentProblem)) throw error;
  const over = OUTCOMES.includes(error.code);
  if (!over && error.code !== 'pin_retry_later') throw error;
  if (over) await flow.store.note({ attempt: undefined });
  const { attemptsLeft, retryAt } = error.extras;
  flow.pinRefusal = {
    code: error.code,
    attemptsLeft: typeof attemptsLeft === 'number' ? attemptsLeft : flow.pinRefusal?.attemptsLeft,
    retryAt: typeof retryAt === 'string' ? retryAt : undefined,
  };
  flow.steps.done('pin-refused', `the service refused the PIN: ${error.code}${left(flow.pinRefusal)}`);
}

async function newAttempt(flow: Flow, view: ViewAnswer, mode: 'setup' | 'verify'): Promise<PinAttempt> {
  if (view.pinParams === undefined || view.pinPolicy === undefined) {
    throw new SdkError('unexpected_answer', 'a PIN is due, but the view has no pinParams or no pinPolicy');
  }
  const params = checkPinParams(view.pinParams);
  const pin = await askUser(flow, view.pinPolicy, mode);
  const value = await hashPin(pin, params);
  flow.steps.done('pin-hashed', `PIN hashed with Argon2id (${params.m} KiB, ${params.t} passes)`);
  const attempt = sameOrNew(flow.store.journal.attempt, { mode, kid: params.kid, value });
  await flow.store.note({ attempt });
  flow.steps.done('pin-attempt-stored', `attempt ${attempt.attemptId} stored, so that a crash repeats it instead of a second charge`);
  return attempt;
}

/** After `pin_retry_later` the attempt has no outcome yet: the same PIN is the same attempt, another PIN is a new one. */
function sameOrNew(inFlight: PinAttempt | undefined, entry: Omit<PinAttempt, 'attemptId'>): PinAttempt {
  const same = inFlight?.mode === entry.mode && inFlight.kid === entry.kid && inFlight.value === entry.value;
  return same ? inFlight : { ...entry, attemptId: randomUUID() };
}

/** Asks until the PIN may be taken; what the SDK refuses never leaves the device. */
async function askUser(flow: Flow, policy: NonNullable<ViewAnswer['pinPolicy']>, mode: 'setup' | 'verify'): Promise<string> {
  let lastError = flow.pinRefusal;
  for (;;) {
    flow.options.signal?.throwIfAborted();
    const attemptsLeft = lastError?.attemptsLeft;
    const pin = await flow.options.askForPin({ mode, policy, attemptsLeft, lastError });
    const code = pinRefusal(pin, mode, policy);
    if (code === undefined) {
      flow.steps.done('pin-asked', mode === 'setup' ? 'the user chose a PIN' : 'the user entered the PIN');
      return pin;
    }
    lastError = { code, attemptsLeft, retryAt: undefined };
    flow.steps.done('pin-refused', `the SDK refused the PIN before anything was sent: ${code}`);
  }
}

function bodyOf({ mode, attemptId, kid, value }: PinAttempt): string {
  return JSON.stringify({ mode, attemptId, pinHash: { v: 1, kid, value } });
}

function left({ attemptsLeft, retryAt }: PinRefusal): string {
  return [attemptsLeft !== undefined && `, ${attemptsLeft} attempts left`, retryAt !== undefined && `, not before ${retryAt}`]
    .filter((text) => text !== false)
    .join('');
}
