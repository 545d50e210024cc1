import type { CsrRefusalCode } from '../contract/csr-refusal-codes.ts';
import { isCsrRefusalCode } from '../contract/csr-refusal-codes.ts';
import type { EnrollmentId } from '../contract/ids.ts';
import type { EndCode, State } from '../contract/states.ts';
import { type CsrRefusal, judgeCsr as judge } from '../core/csr/judge-csr.ts';
import { acceptSubmission, readSubmission, refuseSubmission, type SubmissionRow } from '../store/csr-submission.ts';
import type { EnrollmentRow } from '../store/enrollment-row.ts';
import type { KeyRefusal } from '../store/key-claim.ts';
import { readEnrollmentRow } from '../store/read-enrollment.ts';
import { noSuchEnrollment } from './failure.ts';
import { parseDigest, parseEnrollmentId } from './parse-input.ts';
import type { EnrollmentDeps } from './ports.ts';

export interface JudgeRequest {
  enrollmentId: string;
  digest: string;
}

/** Where the row stands after the judgement. */
export interface Standing {
  state: State;
  code?: EndCode;
}

export type Judgement = Standing | (Standing & { refused: CsrRefusalCode; csrRefusalsLeft: number });

/**
 * Judges a stored submission and writes the outcome: accepted (state `issuing`, key claimed) or refused (counted).
 * May be repeated: a stored outcome is answered first (key: enrollment id and digest).
 * Errors: `invalid_body` and `enrollment_not_found`, for good.
 */
export const judgeCsr = (deps: EnrollmentDeps) =>
  async function judgeCsr(request: JudgeRequest): Promise<Judgement> {
    const id = parseEnrollmentId(request?.enrollmentId);
    const submission = await readSubmission(deps.db, id, parseDigest(request.digest));
    if (submission === undefined) throw noSuchEnrollment();
    return (await storedJudgement(deps, submission)) ?? decide(deps, submission);
  };

async function storedJudgement(deps: EnrollmentDeps, { enrollmentId, outcome }: SubmissionRow): Promise<Judgement | undefined> {
  if (outcome === undefined) return undefined;
  const row = await rowOf(deps, enrollmentId);
  if (outcome === 'accepted') return standing(row);
  return { refused: toRefusalCode(outcome.code), csrRefusalsLeft: Math.max(deps.maxCsrRefusals - row.csrRefusals, 0), ...standing(row) };
}

async function decide(deps: EnrollmentDeps, submission: SubmissionRow): Promise<Judgement> {
  const { csrText, unreadable } = submission;
  if (unreadable !== undefined) return refuse(deps, submission, { ...unreadable, code: toRefusalCode(unreadable.code) });
  // Its text went with the end of the enrollment, which is the answer.
  if (csrText === undefined) return standing(await rowOf(deps, submission.enrollmentId));
  return judgeText(deps, { ...submission, csrText });
}

async function judgeText(deps: EnrollmentDeps, submission: SubmissionRow & { csrText: string }): Promise<Judgement> {
  const verdict = judge(submission, { challengeKeys: deps.challengeKeys, allowedKeyTypes: deps.allowedKeyTypes });
  if (!verdict.ok) return refuse(deps, submission, verdict.refusal);
  const { enrollmentId, digest } = submission;
  const { spkiSha256Hex: spkiSha256, deliverySpkiSha256Hex: deliverySpkiSha256 } = verdict;
  const accepted = await acceptSubmission(deps.db, { enrollmentId, digest, spkiSha256, deliverySpkiSha256 });
  switch (accepted.kind) {
    case 'accepted':
      return standing(await rowOf(deps, enrollmentId));
    case 'elsewhere':
      return standing(accepted);
    case 'refused':
      return refuse(deps, submission, saidOf(accepted.refusal), spkiSha256);
  }
}

/** Which of the two keys, and why. */
function saidOf({ key, code }: KeyRefusal): { code: KeyRefusal['code']; detail: string } {
  switch (code) {
    case 'key_is_ours':
      return { code, detail: 'The public key is one of the keys of this service.' };
    case 'key_blocked':
      return { code, detail: `The ${key === 'user' ? 'public' : 'delivery'} key is on the block list.` };
    case 'key_in_use':
      return { code, detail: 'The public key belongs to another device, or was a delivery key.' };
    case 'delivery_key_reused':
      return { code, detail: 'The delivery key belongs to another enrollment, or is a user key or an SDK key.' };
  }
}

async function refuse(
  deps: EnrollmentDeps,
  { enrollmentId, digest }: SubmissionRow,
  { code, detail, offset }: Omit<CsrRefusal, 'rule' | 'hint'>,
  spkiSha256?: string,
): Promise<Judgement> {
  // A challenge that ran out is nobody's mistake.
  const counted = code !== 'challenge_expired';
  const seen = { ...(offset === undefined ? {} : { offset }), ...(spkiSha256 === undefined ? {} : { spkiSha256 }) };
  const written = { enrollmentId, digest, code, detail, counted, ...seen };
  await refuseSubmission(deps.db, written, deps.maxCsrRefusals);
  // A row that had left the stage took no outcome: then the state is the answer.
  const submission = await readSubmission(deps.db, enrollmentId, digest);
  return (submission && (await storedJudgement(deps, submission))) ?? standing(await rowOf(deps, enrollmentId));
}

function standing({ state, code }: Standing): Standing {
  return { state, ...(code === undefined ? {} : { code }) };
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
