import type { EndCode, State } from '../contract/states.ts';
import { readEnrollmentRow } from '../store/read-enrollment.ts';
import { noSuchEnrollment } from './failure.ts';
import { parseEnrollmentId } from './parse-input.ts';
import type { EnrollmentDeps } from './ports.ts';

export interface EnrollmentRef {
  enrollmentId: string;
}

/** What a workflow may know of the row: no user, no device. */
export interface RowState {
  state: State;
  code?: EndCode;
  csrRefusalsLeft: number;
}

/** Reads where the row stands. May be repeated: it only reads. Errors: `invalid_body`, `enrollment_not_found`, for good. */
export const readEnrollment = (deps: EnrollmentDeps) =>
  async function readEnrollment(request: EnrollmentRef): Promise<RowState> {
    const row = await readEnrollmentRow(deps.db, parseEnrollmentId(request?.enrollmentId));
    if (row === undefined) throw noSuchEnrollment();
    const { state, code, csrRefusals } = row;
    return { state, csrRefusalsLeft: Math.max(deps.maxCsrRefusals - csrRefusals, 0), ...(code === undefined ? {} : { code }) };
  };
