import { randomBytes, randomUUID } from 'node:crypto';
import { type EnrollmentId, toEnrollmentId } from '../../contract/ids.ts';
import type { PinPolicy } from '../../contract/states.ts';
import type { StageLimits } from '../../contract/temporal.ts';
import { beginPinAttempt } from '../../store/begin-pin-attempt.ts';
import { createEnrollment, type NewEnrollment } from '../../store/create-enrollment.ts';
import type { Database } from '../../store/database.ts';
import type { EnrollmentRow } from '../../store/enrollment-row.ts';
import type { PinEntry, PinLimits } from '../../store/pin-attempt.ts';
import { type PinEvaluation, settlePinAttempt } from '../../store/settle-pin-attempt.ts';

export interface DeviceIds {
  clientId: string;
  userId: string;
  deviceId: string;
}

export const TEST_LIMITS: StageLimits = { pinSeconds: 900, csrSeconds: 900, ackSeconds: 900, wholeSeconds: 3_600 };
export const PIN_LIMITS: PinLimits = { maxFailures: 10, maxAttempts: 5, delaySeconds: () => 0 };

/** Ids that no other test uses and that can be searched for in a history. */
export function newDevice(userId = `user-${randomBytes(6).toString('hex')}`): DeviceIds {
  return { clientId: 'ts-test', userId, deviceId: `device-${randomBytes(6).toString('hex')}` };
}

/** A row as `POST /v1/enrollments` makes it; a row of the same device that is open is superseded. */
export async function createRow(
  db: Database,
  device: DeviceIds = newDevice(),
  limits: StageLimits = TEST_LIMITS,
  pinPolicy: PinPolicy = 'verify',
): Promise<EnrollmentRow> {
  const creation = await createEnrollment(db, { ...wanted(device, limits), pinPolicy });
  if (creation.kind !== 'created') throw new Error(`not created: ${creation.kind}`);
  return creation.enrollment;
}

function wanted(device: DeviceIds, limits: StageLimits): NewEnrollment {
  return {
    ...device,
    id: toEnrollmentId(randomUUID()),
    tokenId: `token-${randomBytes(6).toString('hex')}`,
    platform: 'other',
    pinPolicy: 'verify',
    idempotencyKey: randomUUID(),
    bodySha256: '00'.repeat(32),
    tokenKid: 't1',
    tokenSalt: new Uint8Array(16),
    limits,
    maxPinFailures: PIN_LIMITS.maxFailures,
  };
}

/** One entry of a PIN, each with an attempt id of its own. */
export function pinEntry(enrollmentId: EnrollmentId, mode: PinEntry['mode'] = 'verify'): PinEntry {
  return { enrollmentId, attemptId: randomUUID(), mode, paramsVersion: 1, saltKid: 's1', currentSaltKid: 's1', hasPepper: () => true };
}

/** A right PIN, written as the API writes it: set up the first time, verified afterwards. */
export async function satisfyPin(db: Database, id: EnrollmentId): Promise<void> {
  const { userId } = await db.enrollment.findUniqueOrThrow({ where: { id } });
  const mode = (await db.userPin.count({ where: { userId } })) === 0 ? 'setup' : 'verify';
  const entry = pinEntry(id, mode);
  const begun = await beginPinAttempt(db, entry, PIN_LIMITS);
  if (begun?.kind !== 'evaluate') throw new Error('the PIN was not to be evaluated');
  const outcome = await settlePinAttempt(db, entry, begun.job, rightPin(mode), PIN_LIMITS);
  if (outcome.result !== 'satisfied') throw new Error(`the PIN was not satisfied: ${outcome.result}`);
}

/** A right PIN as the API has evaluated it. */
export function rightPin(mode: PinEntry['mode']): PinEvaluation {
  if (mode === 'verify') return { mode, right: true };
  const params = { version: 1, memoryKib: 19_456, passes: 2, lanes: 1, saltKid: 's1' };
  return { mode, weak: false, hash: { phc: 'not a hash: no test of this file verifies a PIN', pepperKid: 'p1' }, params };
}
