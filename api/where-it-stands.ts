import type { ErrorCode } from '../contract/error-codes.ts';
import type { EnrollmentId } from '../contract/ids.ts';
import { type ProblemExtras, ServiceError } from '../contract/service-error.ts';
import { isOpen } from '../contract/states.ts';
import { type EnrollmentReading, markStarted, readEnrollment } from '../store/read-enrollment.ts';
import type { ApiDeps } from './deps.ts';
import { nextStepOf } from './render-view.ts';

/** A refusal that says where the enrollment stands: every 409 and 410 carries `state` and `next` (protocol §1). */
export function refusalAt(
  deps: ApiDeps,
  reading: EnrollmentReading,
  code: ErrorCode,
  detail?: string,
  extras: ProblemExtras = {},
): ServiceError {
  const { state, code: endCode } = reading.enrollment;
  const end = endCode === undefined ? {} : { endCode };
  return new ServiceError(code, detail, { state, next: nextStepOf(reading, deps.config), ...end, ...extras });
}

export async function readAgain(deps: ApiDeps, id: EnrollmentId): Promise<EnrollmentReading> {
  const reading = await readEnrollment(deps.db, id);
  if (reading === undefined) throw new ServiceError('enrollment_not_found');
  return reading;
}

/**
 * Asks the run of an open row. One that Temporal does not know (an empty new cluster) is started again where the row stands and asked
 * once more; one that was terminated stays so, and the call fails as before (ADR 36).
 */
export async function askRun<Result>(deps: ApiDeps, { enrollment }: EnrollmentReading, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ServiceError && error.code === 'workflow_unavailable')) throw error;
    await deps.gateway.start(enrollment);
    return ask();
  }
}

/** A row whose workflow was never started (the process died in between) is started by the next call that meets it. */
export async function ensureStarted(deps: ApiDeps, { enrollment }: EnrollmentReading): Promise<void> {
  if (enrollment.startedAt !== undefined || !isOpen(enrollment.state)) return;
  await deps.gateway.start(enrollment);
  await markStarted(deps.db, enrollment.id);
}
