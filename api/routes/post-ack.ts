import type { Request, Response } from 'express';
import { ackRequest } from '../../contract/http.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { assertNever, isOpen } from '../../contract/states.ts';
import type { AcknowledgeResult } from '../../contract/temporal.ts';
import { readReceipt } from '../../store/delivery.ts';
import type { EnrollmentReading } from '../../store/read-enrollment.ts';
import type { ApiDeps } from '../deps.ts';
import { requireDevice } from '../middleware/caller.ts';
import { parseBody } from '../middleware/json-body.ts';
import { askRun, readAgain, refusalAt } from '../where-it-stands.ts';

/** Longer than any enrollment: a client that obeys Retry-After does not come back to this one. */
const ENDS_FIRST_SECONDS = 3_600;

/**
 * POST /v1/enrollments/{id}/ack. The run verifies the proof and erases the sealed key; the receipt is read from the row.
 * May be repeated: a completed enrollment answers its stored receipt.
 */
export const postAck =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { reading } = await requireDevice(deps, req);
    const { proof } = parseBody(req, ackRequest);
    const { id, state } = reading.enrollment;
    refuseExceeded(deps, reading);
    const result = state === 'awaiting-ack' ? await acknowledge(deps, reading, proof, res.locals.requestId) : undefined;
    const after = await readAgain(deps, id);
    if (result !== undefined && 'refused' in result && isOpen(after.enrollment.state)) throw refused(deps, after, result);
    await answer(deps, res, after);
  };

/** The row knows it: an update for each further try would cost the run what the limit is there to save. */
function refuseExceeded(deps: ApiDeps, reading: EnrollmentReading): void {
  const { state, ackRefusals } = reading.enrollment;
  if (state !== 'awaiting-ack' || ackRefusals < deps.config.maxAckRefusals) return;
  throw refused(deps, reading, { refused: 'ack_attempts_exceeded', detail: 'Too many wrong proofs for this enrollment.' });
}

/** Undefined: the run was gone; when the row has ended meanwhile, the row answers. */
async function acknowledge(
  deps: ApiDeps,
  reading: EnrollmentReading,
  proof: string,
  requestId: string,
): Promise<AcknowledgeResult | undefined> {
  const { id } = reading.enrollment;
  try {
    return await askRun(deps, reading, () => deps.gateway.acknowledge(id, proof, requestId));
  } catch (error) {
    const after = await readAgain(deps, id);
    if (after.enrollment.state !== 'awaiting-ack') return undefined;
    throw error;
  }
}

async function answer(deps: ApiDeps, res: Response, after: EnrollmentReading): Promise<void> {
  switch (after.enrollment.state) {
    case 'completed': {
      const receipt = await readReceipt(deps.db, after.enrollment.id);
      if (receipt === undefined) throw new Error('completed without a receipt');
      res.json({ state: 'completed', receipt });
      return;
    }
    case 'awaiting-ack':
      throw new ServiceError('service_unavailable', 'The acknowledgement could not be processed now.', {}, 2);
    case 'awaiting-pin':
    case 'awaiting-csr':
    case 'issuing':
      throw refusalAt(deps, after, 'wrong_state', 'There is nothing to acknowledge yet.');
    case 'expired':
    case 'cancelled':
    case 'failed':
    case 'locked':
      throw refusalAt(deps, after, 'enrollment_ended');
    default:
      assertNever(after.enrollment.state);
  }
}

function refused(
  deps: ApiDeps,
  after: EnrollmentReading,
  { refused: code, detail }: Extract<AcknowledgeResult, { refused: string }>,
): ServiceError {
  const error = refusalAt(deps, after, code, detail);
  return code === 'ack_attempts_exceeded' ? new ServiceError(code, error.message, error.extras, ENDS_FIRST_SECONDS) : error;
}
