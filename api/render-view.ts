import type { EnrollmentView, ProcessView } from '../contract/http.ts';
import { DELIVERY_FORMATS } from '../contract/key-types.ts';
import { assertNever, isOpen, type NextStep, type PinStatus, type State } from '../contract/states.ts';
import { makeChallenge } from '../core/csr/challenge.ts';
import { pinSalt } from '../core/pin/pin-salt.ts';
import type { EnrollmentReading } from '../store/read-enrollment.ts';
import { statusOf } from '../store/user-pin.ts';
import type { ApiDeps } from './deps.ts';
import { saltKeyHeld } from './salt-key-held.ts';

type Config = ApiDeps['config'];

/** Renders the view from the rows, always by this one function. Secrets of the device's dialogue only for the device. */
export function renderView(reading: EnrollmentReading, config: Config, forDevice: boolean, process?: ProcessView): EnrollmentView {
  const { enrollment } = reading;
  return {
    enrollmentId: enrollment.id,
    state: enrollment.state,
    next: nextStepOf(reading, config),
    ...(isOpen(enrollment.state) ? deadlines(reading) : ending(reading)),
    ...(forDevice && enrollment.state === 'awaiting-pin' ? pinDialogue(reading, config) : {}),
    ...(forDevice && enrollment.state === 'awaiting-csr' ? { challenge: challenge(reading, config) } : {}),
    keyProfile: { types: [...config.allowedKeyTypes], sdkTypes: [...config.sdkKeyTypes] },
    delivery: { formats: [...DELIVERY_FORMATS] },
    ...(process === undefined ? {} : { process }),
  };
}

/** What the device does next, by the state of the row and, while a PIN is due, by the state of the user's PIN. */
export function nextStep(state: State, pinStatus: PinStatus): NextStep {
  switch (state) {
    case 'awaiting-pin':
      return nextPinStep(pinStatus);
    case 'awaiting-csr':
      return 'csr';
    case 'issuing':
    case 'awaiting-ack':
      return 'credentials';
    default:
      return 'none';
  }
}

/** Where nobody can say how to hash the PIN, the device waits as it does for a locked one. */
export function nextStepOf({ enrollment, pin }: EnrollmentReading, config: Config): NextStep {
  const askable = pin === undefined || saltKeyHeld(pin, config);
  return nextStep(enrollment.state, askable ? statusOf(pin, config.maxPinFailures) : 'locked');
}

function nextPinStep(status: PinStatus): NextStep {
  switch (status) {
    case 'absent':
      return 'pin.setup';
    case 'present':
      return 'pin.verify';
    case 'locked':
      return 'wait';
    default:
      return assertNever(status);
  }
}

function deadlines({ enrollment }: EnrollmentReading): Pick<EnrollmentView, 'deadline' | 'expiresAt'> {
  return { deadline: enrollment.stageDeadline.toISOString(), expiresAt: enrollment.expiresAt.toISOString() };
}

function ending({ enrollment: { endedAt, code } }: EnrollmentReading): Pick<EnrollmentView, 'endedAt' | 'code'> {
  return { ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }), ...(code === undefined ? {} : { code }) };
}

/** What the device hashes the PIN with: frozen with the PIN, today's for a user without one. */
function pinDialogue({ enrollment, pin }: EnrollmentReading, config: Config): Pick<EnrollmentView, 'pinParams' | 'pinPolicy'> {
  if (pin !== undefined && !saltKeyHeld(pin, config)) return {};
  const kid = pin?.saltKid ?? config.pinSaltKeys.current.kid;
  const m = pin?.memoryKib ?? config.pinMemoryKib;
  const t = pin?.passes ?? config.pinPasses;
  const salt = Buffer.from(pinSalt({ userId: enrollment.userId, kid, keys: config.pinSaltKeys })).toString('base64url');
  return {
    pinParams: { v: 1, alg: 'argon2id', m, t, p: pin?.lanes ?? 1, len: 32, kid, salt },
    pinPolicy: { min: config.pinMinDigits, max: config.pinMaxDigits, charset: 'digits' },
  };
}

function challenge({ enrollment, now }: EnrollmentReading, config: Config): { value: string; expiresAt: string } {
  const expiresAt = new Date((Math.floor(now.getTime() / 1_000) + config.challengeSeconds) * 1_000);
  return {
    value: makeChallenge({ enrollmentId: enrollment.id, keys: config.challengeKeys, expiresAt }),
    expiresAt: expiresAt.toISOString(),
  };
}
