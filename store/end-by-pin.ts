import type { State } from '../contract/states.ts';
import type { Executor } from './database.ts';
import { endEnrollment } from './end-enrollment.ts';
import type { EnrollmentRow } from './enrollment-row.ts';
import type { PinOutcome } from './pin-attempt.ts';

/* The ends that a PIN guesser meets, in the transaction of the attempt. */

export async function endLocked(tx: Executor, { id, userId }: EnrollmentRow): Promise<PinOutcome> {
  const ended = await endEnrollment(tx, { id, state: 'locked', code: 'pin_locked', actor: `pin-guard:${userId}` });
  return { result: 'pin_locked', state: ended?.state ?? 'locked' };
}

/** Returns the state in which the enrollment ended. */
export async function endForAttempts(tx: Executor, { id, userId }: EnrollmentRow): Promise<State> {
  const ended = await endEnrollment(tx, { id, state: 'failed', code: 'pin_attempts_exceeded', actor: `pin-guard:${userId}` });
  return ended?.state ?? 'failed';
}
