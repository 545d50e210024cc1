import { setTimeout as sleep } from 'node:timers/promises';
import type { PinRequest } from '../contract/http.ts';
import { ServiceError } from '../contract/service-error.ts';
import { delaySeconds } from '../core/pin/attempt-delay.ts';
import { checkPin, hashPin, prehash } from '../core/pin/pin-hash.ts';
import { isWeakPin } from '../core/pin/weak-pin.ts';
import { beginPinAttempt, type PinEntry, type PinJob, type PinLimits, type PinOutcome } from '../store/pin-attempt.ts';
import type { EnrollmentReading } from '../store/read-enrollment.ts';
import { type PinEvaluation, settlePinAttempt } from '../store/settle-pin-attempt.ts';
import type { ApiDeps } from './deps.ts';

/** How long a repetition waits for the outcome of an attempt that another request is evaluating. */
const PENDING_WAIT_MS = 10_000;
const PENDING_POLL_MS = 200;

/**
 * Judges one entry of the PIN: a slot first (overload is answered before anything is charged), then the charge, then the evaluation,
 * then the outcome. Errors: `service_unavailable` when the queue is full, `attempt_lost`.
 */
export async function judgePin(deps: ApiDeps, reading: EnrollmentReading, body: PinRequest): Promise<PinOutcome> {
  const entry = toEntry(deps, reading, body);
  const limits = limitsOf(deps);
  const judged = () => judgeOnce(deps, entry, limits, body);
  // Past the PIN nothing is evaluated: such a repetition needs no slot.
  const outcome = await (reading.enrollment.state === 'awaiting-pin' ? deps.argon.run(judged) : judged());
  return outcome ?? awaitOutcome(deps, entry, limits);
}

/** Undefined: another request is evaluating this attempt. */
async function judgeOnce(deps: ApiDeps, entry: PinEntry, limits: PinLimits, { pinHash }: PinRequest): Promise<PinOutcome | undefined> {
  const beginning = await beginPinAttempt(deps.db, entry, limits);
  if (beginning === undefined) throw new ServiceError('invalid_token');
  if (beginning.kind === 'decided') return beginning.outcome;
  if (beginning.kind === 'pending') return undefined;
  const found = await evaluate(deps, beginning.job, new Uint8Array(Buffer.from(pinHash.value, 'base64url')));
  return settlePinAttempt(deps.db, entry, beginning.job, found, limits);
}

function toEntry({ config }: ApiDeps, { enrollment }: EnrollmentReading, { mode, attemptId, pinHash }: PinRequest): PinEntry {
  const currentSaltKid = config.pinSaltKeys.current.kid;
  return { enrollmentId: enrollment.id, attemptId, mode, paramsVersion: pinHash.v, saltKid: pinHash.kid, currentSaltKid };
}

function limitsOf({ config }: ApiDeps): PinLimits {
  const { maxPinFailures: maxFailures, maxPinAttempts: maxAttempts, pinDelays } = config;
  return { maxFailures, maxAttempts, delaySeconds: pinDelays ? delaySeconds : () => 0 };
}

function evaluate(deps: ApiDeps, job: PinJob, value: Uint8Array): Promise<PinEvaluation> {
  return job.mode === 'setup' ? evaluateSetup(deps, job.userId, value) : evaluateVerify(deps, job, value);
}

async function evaluateSetup({ config }: ApiDeps, userId: string, value: Uint8Array): Promise<PinEvaluation> {
  const { pinMemoryKib: memoryKib, pinPasses: passes, pinSaltKeys, pinPepperKeys, weakPins } = config;
  const saltKid = pinSaltKeys.current.kid;
  const pepperKid = pinPepperKeys.current.kid;
  const cost = { memoryKib, passes, lanes: 1 };
  const weak = await isWeakPin({ value, userId, kid: saltKid, keys: pinSaltKeys, cost, count: weakPins });
  const phc = await hashPin(prehash({ value, userId, pepperKid, pepper: pinPepperKeys }), cost);
  return { mode: 'setup', weak, hash: { phc, pepperKid }, params: { version: 1, saltKid, ...cost } };
}

type VerifyJob = Extract<PinJob, { mode: 'verify' }>;

async function evaluateVerify({ config }: ApiDeps, { userId, phc, pepperKid }: VerifyJob, value: Uint8Array): Promise<PinEvaluation> {
  const pepper = config.pinPepperKeys;
  const right = await checkPin(phc, prehash({ value, userId, pepperKid, pepper }));
  const today = pepper.current.kid;
  if (!right || pepperKid === today) return { mode: 'verify', right };
  const cost = { memoryKib: config.pinMemoryKib, passes: config.pinPasses, lanes: 1 };
  const renewed = await hashPin(prehash({ value, userId, pepperKid: today, pepper }), cost);
  return { mode: 'verify', right, rehash: { phc: renewed, pepperKid: today } };
}

async function awaitOutcome(deps: ApiDeps, entry: PinEntry, limits: PinLimits): Promise<PinOutcome> {
  for (let waited = 0; waited < PENDING_WAIT_MS; waited += PENDING_POLL_MS) {
    await sleep(PENDING_POLL_MS);
    const again = await beginPinAttempt(deps.db, entry, limits);
    if (again?.kind === 'decided') return again.outcome;
  }
  return { result: 'attempt_lost', state: 'awaiting-pin' };
}
