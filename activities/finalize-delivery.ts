import type { EnrollmentId } from '../contract/ids.ts';
import { ServiceError } from '../contract/service-error.ts';
import type { EndCode, State } from '../contract/states.ts';
import type { AcknowledgeResult } from '../contract/temporal.ts';
import { verifyAckProof } from '../core/evidence/verify-ack-proof.ts';
import { type Acknowledgeable, countAckRefusal, finishDelivery, isAckRefusalCounted, readAcknowledgeable } from '../store/acknowledge.ts';
import { noSuchEnrollment } from './failure.ts';
import { parseEnrollmentId, parseProof, parseUpdateId } from './parse-input.ts';
import type { EnrollmentDeps } from './ports.ts';

export interface FinalizeRequest {
  enrollmentId: string;
  /** Compact JWS by the SDK key. */
  proof: string;
  /** Of the Temporal update: a wrong proof is counted once for each, however often the activity runs. */
  updateId: string;
}

export type Finalized = { state: State; code?: EndCode } | Extract<AcknowledgeResult, { refused: string }>;

/**
 * Verifies the device's proof and completes the enrollment: sealed key erased, certificates active, receipt signed, in one transaction.
 * May be repeated: a completed row answers `completed` whatever the proof (key: the enrollment row), a refusal is counted once an update.
 * Errors: `invalid_body` and `enrollment_not_found`, for good.
 */
export const finalizeDelivery = (deps: EnrollmentDeps) =>
  async function finalizeDelivery(request: FinalizeRequest): Promise<Finalized> {
    const id = parseEnrollmentId(request?.enrollmentId);
    const [proof, updateId] = [parseProof(request.proof), parseUpdateId(request.updateId)];
    const facts = await readAcknowledgeable(deps.db, id);
    if (facts === undefined) throw noSuchEnrollment();
    if (facts.state !== 'awaiting-ack') return elsewhere(facts);
    if (!facts.delivered) return { refused: 'wrong_state', detail: 'The credentials were not fetched yet.' };
    if (facts.ackRefusals >= deps.maxAckRefusals && !(await isAckRefusalCounted(deps.db, id, updateId)))
      return { refused: 'ack_attempts_exceeded', detail: 'Too many wrong proofs for this enrollment.' };
    const refusal = await refusalOf(id, facts, proof);
    if (refusal === undefined) return finish(deps, id);
    await countAckRefusal(deps.db, id, updateId);
    return refusal;
  };

async function refusalOf(enrollmentId: EnrollmentId, { sdk, sealedSha256 }: Acknowledgeable, proof: string) {
  if (sdk === undefined || sealedSha256 === undefined) throw new Error('awaiting-ack without credentials');
  try {
    await verifyAckProof(proof, { enrollmentId, sealedSha256, sdkCertificate: sdk.der });
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ack_proof_invalid') return { refused: error.code, detail: error.message };
    throw error;
  }
}

async function finish(deps: EnrollmentDeps, id: EnrollmentId): Promise<Finalized> {
  const finished = await finishDelivery(deps.db, id, deps.signReceipt);
  switch (finished.kind) {
    case 'completed':
      return { state: 'completed' };
    case 'not_delivered':
      return { refused: 'wrong_state', detail: 'The credentials were not fetched yet.' };
    case 'elsewhere':
      return elsewhere(finished);
  }
}

function elsewhere({ state, code }: { state: State; code?: EndCode }): Finalized {
  return { state, ...(code === undefined ? {} : { code }) };
}
