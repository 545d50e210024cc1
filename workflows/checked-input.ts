import { ApplicationFailure } from '@temporalio/workflow';
import { isEnrollmentId } from '../contract/ids.ts';
import { OPEN_STATES } from '../contract/states.ts';
import type { EnrollmentInput, RunSoFar, StageLimits } from '../contract/temporal.ts';

/** A hand-made start with a clear payload decodes to a marker; one with an encrypted payload may still not be ours. */
export function checkedInput({ enrollmentId, limits, since }: Partial<EnrollmentInput>): EnrollmentInput {
  const ours = typeof enrollmentId === 'string' && isEnrollmentId(enrollmentId) && areLimits(limits) && isSoFar(since);
  if (ours) return { enrollmentId, limits, ...(since === undefined ? {} : { since }) };
  throw ApplicationFailure.nonRetryable('The input is not {enrollmentId, limits} in an encrypted payload.', 'invalid_body');
}

function areLimits(limits: Partial<StageLimits> | undefined): limits is StageLimits {
  const numbers = [limits?.pinSeconds, limits?.csrSeconds, limits?.ackSeconds, limits?.wholeSeconds];
  return numbers.every((seconds) => typeof seconds === 'number' && seconds > 0);
}

function isSoFar(since: Partial<RunSoFar> | undefined): since is RunSoFar | undefined {
  if (since === undefined) return true;
  const { startedAt, stage, stageSince } = since;
  return typeof startedAt === 'number' && typeof stageSince === 'number' && OPEN_STATES.some((open) => open === stage);
}
