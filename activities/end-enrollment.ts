import { toEnrollmentId } from '../contract/ids.ts';
import type { EndCode, EndState, OpenState, State } from '../contract/states.ts';
import { endEnrollment as endRow } from '../store/end-enrollment.ts';
import { noSuchEnrollment } from './failure.ts';
import type { EnrollmentDeps } from './ports.ts';

export interface EndRequest {
  enrollmentId: string;
  state: Exclude<EndState, 'completed'>;
  code: EndCode;
  actor: string;
  /** End only from this state: a deadline of a stage that was left in the meantime ends nothing. */
  expected?: OpenState;
}

/**
 * Ends the enrollment and compensates in one transaction: sealed key erased, intents burnt, certificates revoked, CRL due.
 * May be repeated: a terminal row stays as it is and is returned (key: the enrollment row).
 */
export const endEnrollment = (deps: EnrollmentDeps) =>
  async function endEnrollment({ enrollmentId, expected, ...ending }: EndRequest): Promise<{ state: State; code?: EndCode }> {
    const ended = await endRow(deps.db, {
      ...ending,
      id: toEnrollmentId(enrollmentId),
      ...(expected === undefined ? {} : { expected: [expected] }),
    });
    if (ended === undefined) throw noSuchEnrollment();
    return { state: ended.state, ...(ended.code === undefined ? {} : { code: ended.code }) };
  };
