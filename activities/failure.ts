import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import type { ErrorCode } from '../contract/error-codes.ts';
import { ServiceError } from '../contract/service-error.ts';
import { asUnavailable } from '../store/database.ts';

/**
 * Codes for which a retry would meet the same wall: the bytes to be signed break a rule, the issuer is not there, the enrollment
 * does not exist, the input is none of ours. Everything else is passing trouble and is retried.
 */
const FUTILE: readonly ErrorCode[] = ['issuing_refused', 'issuer_unavailable', 'enrollment_not_found', 'invalid_body'];

/** Turns a refusal of the core or the store into a failure whose `type` is the code; the one place where both meet. */
export class RefusalInterceptor implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      // A history tells of trouble with the database by its code, not in the words of the driver, which may quote a row.
      const known = asUnavailable(error);
      throw known instanceof ServiceError ? toFailure(known) : known;
    }
  }
}

export function noSuchEnrollment(): ServiceError {
  return new ServiceError('enrollment_not_found', 'There is no row for this workflow.');
}

function toFailure(error: ServiceError): ApplicationFailure {
  return ApplicationFailure.create({ type: error.code, message: error.message, nonRetryable: FUTILE.includes(error.code), cause: error });
}
