import { type ErrorCode, PROBLEMS } from './error-codes.ts';

/** Named members that a problem document carries beside the standard ones. Never a secret. */
export type ProblemExtras = Readonly<Record<string, string | number | boolean | null>>;

/** The one error class of the service: a stable code, a sentence, named extras. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  constructor(
    readonly code: ErrorCode,
    detail?: string,
    readonly extras: ProblemExtras = {},
    /** Seconds for the header Retry-After of a 429 or 503. */
    readonly retryAfterSeconds?: number,
  ) {
    super(detail ?? PROBLEMS[code].title);
  }
}
