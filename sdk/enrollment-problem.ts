/** What a problem document (RFC 9457) of the service said. */
export interface ProblemAnswer {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly requestId: string | undefined;
  /** Seconds of the header Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  /** Every further member, for example `attemptsLeft`, `retryAt`, `offset`, `pointer`, `state`, `next`. */
  readonly extras: Readonly<Record<string, unknown>>;
}

/**
 * The service refused a call, after all repetitions that protocol §1 allows. `code` is stable: decide by it, never by `detail`.
 * `requestId` is what the operator needs to find the call. Source: protocol §1 and docs/errors.md.
 */
export class EnrollmentProblem extends Error implements ProblemAnswer {
  override readonly name = 'EnrollmentProblem';
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly extras: Readonly<Record<string, unknown>>;

  constructor(answer: ProblemAnswer) {
    super(`${answer.status} ${answer.code}: ${answer.detail}`);
    this.code = answer.code;
    this.status = answer.status;
    this.detail = answer.detail;
    this.hint = answer.hint;
    this.retryable = answer.retryable;
    this.requestId = answer.requestId;
    this.retryAfterSeconds = answer.retryAfterSeconds;
    this.extras = answer.extras;
  }
}

/**
 * The enrollment ended without certificates (`expired`, `cancelled`, `failed`, `locked`, or completed by someone else). Everything that the
 * card held of it has been destroyed. A new enrollment, begun by the Token Service, is the only way on.
 */
export class EnrollmentEnded extends Error {
  override readonly name = 'EnrollmentEnded';

  constructor(
    readonly enrollmentId: string,
    readonly state: string,
    /**
     * Why, for example `deadline_pin`, `pin_locked`, `pin_reset`, `superseded`; `credentials_gone` when it completed elsewhere. What to show
     * the user: docs/sdk-integration.md.
     */
    readonly code: string,
  ) {
    super(`enrollment ${enrollmentId} ended: ${state} (${code})`);
  }
}
