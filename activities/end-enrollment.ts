import type { EndCode, EndState, OpenState, State } from '../contract/states.ts';
import { endEnrollment as endRow } from '../store/end-enrollment.ts';
import { noSuchEnrollment } from './failure.ts';
import { parseEndCode, parseEndState, parseEnrollmentId, parseOpenState } from './parse-input.ts';
import type { EnrollmentDeps } from './ports.ts';

export interface EndRequest {
  enrollmentId: string;
  state: Exclude<EndState, 'completed'>;
  code: EndCode;
  /** End only from this state: a deadline of a stage that was left in the meantime ends nothing. */
  expected?: OpenState;
}

/**
 * Ends the enrollment and compensates in one transaction: sealed key erased, intents burnt, certificates revoked, CRL due. The actor is
 * always `workflow`: whoever may write to Temporal could say anything (ADR 42).
 * May be repeated: a terminal row stays as it is and is returned (key: the enrollment row).
 * Errors: `invalid_body` and `enrollment_not_found`, for good.
 */
export const endEnrollment = (deps: EnrollmentDeps) =>
  async function endEnrollment(request: EndRequest): Promise<{ state: State; code?: EndCode }> {
    const state = parseEndState(request?.state);
    const ended = await endRow(deps.db, {
      id: parseEnrollmentId(request?.enrollmentId),
      state,
      code: parseEndCode(request.code, state),
      actor: 'workflow',
      ...(request.expected === undefined ? {} : { expected: [parseOpenState(request.expected)] }),
    });
    if (ended === undefined) throw noSuchEnrollment();
    return { state: ended.state, ...(ended.code === undefined ? {} : { code: ended.code }) };
  };
