import { setTimeout as sleep } from 'node:timers/promises';
import type { PinRequest } from '../contract/http.ts';
import { ServiceError } from '../contract/service-error.ts';
import { assertNever } from '../contract/states.ts';
import { delaySeconds } from '../core/pin/attempt-delay.ts';
import { checkPin, hashPin, prehash } from '../core/pin/pin-hash.ts';
import { isWeakPin } from '../core/pin/weak-pin.ts';
import { beginPinAttempt } from '../store/begin-pin-attempt.ts';
import { type PinEntry, type PinJob, type PinLimits, type PinOutcome, readPinAttempt, withoutEvaluation } from '../store/pin-attempt.ts';
import type { EnrollmentReading } from '../store/read-enrollment.ts';
import { type PinEvaluation, settlePinAttempt } from '../store/settle-pin-attempt.ts';
import type { ApiDeps } from './deps.ts';

/** How long a repetition waits for the outcome of an attempt that another request is evaluating. */
const PENDING_WAIT_MS = 10_000;
const PENDING_POLL_MS = 200;

/**
 * Judges one entry of the PIN: a slot first (overload is answered before anything is charged), then the charge, then the evaluation,
 * then the outcome. Copies of an attempt get the outcome of the first. Errors: `service_unavailable` when the queue is full or the pepper
 * of the stored PIN is not here, `attempt_lost`.
 */
export function judgePin(deps: ApiDeps, reading: EnrollmentReading, body: PinRequest): Promise<PinOutcome> {
  const entry = toEntry(deps, reading, body);
  return deps.pinGuard.attempts.run(`${entry.enrollmentId} ${entry.attemptId}`, () => judgeAttempt(deps, reading, entry, body));
}

async function judgeAttempt(deps: ApiDeps, { enrollment }: EnrollmentReading, entry: PinEntry, body: PinRequest): Promise<PinOutcome> {
  const known = await readPinAttempt(deps.db, entry);
  if (known?.kind === 'decided') return known.outcome;
  if (known?.kind === 'pending') return awaitOutcome(deps, entry);
  // Past the PIN nothing is evaluated: such a call needs no slot.
  const settled = withoutEvaluation(enrollment);
  if (settled !== undefined) return settled;
  const outcome = await deps.argon.run(enrollment.userId, () => judgeOnce(deps, entry, body));
  return outcome ?? awaitOutcome(deps, entry);
}

/** Undefined: another request is evaluating this attempt. */
async function judgeOnce(deps: ApiDeps, entry: PinEntry, { pinHash }: PinRequest): Promise<PinOutcome | undefined> {
  const limits = limitsOf(deps);
  const beginning = await beginPinAttempt(deps.db, entry, limits);
  if (beginning === undefined) throw new ServiceError('invalid_token', 'The enrollment of this token is not kept any more.');
  switch (beginning.kind) {
    case 'decided':
      return beginning.outcome;
    case 'pending':
      return undefined;
    case 'no_pepper':
      throw pepperMissing(deps, entry, beginning.pepperKid);
    case 'evaluate': {
      const found = await evaluate(deps, beginning.job, new Uint8Array(Buffer.from(pinHash.value, 'base64url')));
      return settlePinAttempt(deps.db, entry, beginning.job, found, limits);
    }
    default:
      return assertNever(beginning);
  }
}

/** Another process may have it (a rotation under way): the call may be repeated. Otherwise only the operator can help. */
function pepperMissing({ log, pinGuard }: ApiDeps, { enrollmentId }: PinEntry, pepperKid: string): ServiceError {
  pinGuard.keyMissing.inc({ kid: pepperKid });
  log.error({ enrollmentId, pepperKid }, 'a stored PIN needs a pepper that this process lacks: bring the key back, or reset the PIN');
  return new ServiceError('service_unavailable', 'The key that this PIN was stored with is not at hand; nothing was charged.', {}, 5);
}

function toEntry({ config }: ApiDeps, { enrollment }: EnrollmentReading, { mode, attemptId, pinHash }: PinRequest): PinEntry {
  return {
    enrollmentId: enrollment.id,
    attemptId,
    mode,
    paramsVersion: pinHash.v,
    saltKid: pinHash.kid,
    currentSaltKid: config.pinSaltKeys.current.kid,
    hasPepper: (kid) => config.pinPepperKeys.get(kid) !== undefined,
  };
}

function limitsOf({ config }: ApiDeps): PinLimits {
  const { maxPinFailures: maxFailures, maxPinAttempts: maxAttempts, pinDelays } = config;
  return { maxFailures, maxAttempts, delaySeconds: pinDelays ? delaySeconds : () => 0 };
}

function evaluate(deps: ApiDeps, job: PinJob, value: Uint8Array): Promise<PinEvaluation> {
  deps.pinGuard.evaluations.inc({ mode: job.mode });
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

/** Looks without a lock: those who wait are not in the way of the one they wait for. */
async function awaitOutcome({ db }: ApiDeps, entry: PinEntry): Promise<PinOutcome> {
  for (const end = performance.now() + PENDING_WAIT_MS; performance.now() < end; ) {
    await sleep(PENDING_POLL_MS);
    const again = await readPinAttempt(db, entry);
    if (again?.kind === 'decided') return again.outcome;
  }
  return { result: 'attempt_lost', state: 'awaiting-pin' };
}
