import type { CsrRefusalCode } from '../contract/csr-refusal-codes.ts';
import { type EnrollmentId, toEnrollmentId } from '../contract/ids.ts';
import type { State } from '../contract/states.ts';
import { type CsrRefusal, judgeCsr as judge } from '../core/csr/judge-csr.ts';
import { acceptSubmission, readSubmission, refuseSubmission, type SubmissionRow } from '../store/csr-submission.ts';
import type { EnrollmentRow } from '../store/enrollment-row.ts';
import { readEnrollmentRow } from '../store/read-enrollment.ts';
import { isCsrRefusalCode } from '../contract/csr-refusal-codes.ts';
import { noSuchEnrollment } from './failure.ts';
import type { EnrollmentDeps } from './ports.ts';

export interface JudgeRequest {
  enrollmentId: string;
  digest: string;
}

export type Judgement = { state: State } | { refused: CsrRefusalCode; state: State; csrRefusalsLeft: number };

/**
 * Judges a stored submission and writes the outcome: accepted (state `issuing`, key claimed) or refused (counted).
 * May be repeated: a stored outcome is answered first (key: enrollment id and digest).
 */
export const judgeCsr = (deps: EnrollmentDeps) =>
  async function judgeCsr({ enrollmentId, digest }: JudgeRequest): Promise<Judgement> {
    const id = toEnrollmentId(enrollmentId);
    const submission = await readSubmission(deps.db, id, digest);
    if (submission === undefined) throw noSuchEnrollment();
    return (await storedJudgement(deps, submission)) ?? decide(deps, submission);
  };

async function storedJudgement(deps: EnrollmentDeps, { enrollmentId, outcome }: SubmissionRow): Promise<Judgement | undefined> {
  if (outcome === undefined) return undefined;
  const { state, csrRefusals } = await rowOf(deps, enrollmentId);
  if (outcome === 'accepted') return { state };
  return { refused: toRefusalCode(outcome.code), state, csrRefusalsLeft: Math.max(deps.maxCsrRefusals - csrRefusals, 0) };
}

async function decide(deps: EnrollmentDeps, submission: SubmissionRow): Promise<Judgement> {
  const verdict = judge(submission, { challengeKeys: deps.challengeKeys, allowedKeyTypes: deps.allowedKeyTypes });
  if (!verdict.ok) return refuse(deps, submission, verdict.refusal);
  const { enrollmentId, digest } = submission;
  const accepted = await acceptSubmission(deps.db, { enrollmentId, digest, spkiSha256: verdict.spkiSha256Hex });
  switch (accepted.kind) {
    case 'accepted':
      return { state: (await rowOf(deps, enrollmentId)).state };
    case 'elsewhere':
      return { state: accepted.state };
    case 'key_in_use':
      return refuse(deps, submission, { code: 'key_in_use', detail: 'The public key belongs to another device.', hint: '' });
  }
}

async function refuse(deps: EnrollmentDeps, { enrollmentId, digest }: SubmissionRow, refusal: CsrRefusal): Promise<Judgement> {
  const { code, detail, offset } = refusal;
  // A challenge that ran out is nobody's mistake.
  const counted = code !== 'challenge_expired';
  const written = { enrollmentId, digest, code, detail, counted, ...(offset === undefined ? {} : { offset }) };
  const state = await refuseSubmission(deps.db, written, deps.maxCsrRefusals);
  // A row that had left the stage took no outcome: then the state is the answer.
  const submission = await readSubmission(deps.db, enrollmentId, digest);
  return (submission && (await storedJudgement(deps, submission))) ?? { state };
}

function toRefusalCode(code: string): CsrRefusalCode {
  if (!isCsrRefusalCode(code)) throw new Error('a submission is refused with a code of the gate');
  return code;
}

async function rowOf(deps: EnrollmentDeps, id: EnrollmentId): Promise<EnrollmentRow> {
  const row = await readEnrollmentRow(deps.db, id);
  if (row === undefined) throw noSuchEnrollment();
  return row;
}
