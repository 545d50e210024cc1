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

/**
 * An enrollment that was created before the last reset of its user's PIN goes no further (ADR 51). A reset ends it; where it has not come
 * to it yet, the attempt does, and so does a delivery. Returns the state in which it ended; undefined: there was no reset.
 */
export async function endBeforeReset(tx: Executor, { id, userId }: EnrollmentRow): Promise<State | undefined> {
  const [row] = await tx.$queryRaw<{ before: boolean }[]>`
    SELECT is_before_pin_reset(e) AS before FROM enrollment e WHERE e.id = ${id}::uuid`;
  if (row?.before !== true) return undefined;
  const ended = await endEnrollment(tx, { id, state: 'cancelled', code: 'pin_reset', actor: `pin-guard:${userId}` });
  return ended?.state ?? 'cancelled';
}

/** Returns the state in which the enrollment ended. */
export async function endForAttempts(tx: Executor, { id, userId }: EnrollmentRow): Promise<State> {
  const ended = await endEnrollment(tx, { id, state: 'failed', code: 'pin_attempts_exceeded', actor: `pin-guard:${userId}` });
  return ended?.state ?? 'failed';
}
