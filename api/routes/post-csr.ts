import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { CSR_REFUSALS, isCsrRefusalCode } from '../../contract/csr-refusal-codes.ts';
import { type CsrRequest, csrRequest } from '../../contract/http.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { findPrivateKey } from '../../core/csr/find-private-key.ts';
import { refuseUnreadable } from '../../core/csr/refuse-unreadable.ts';
import { readSubmission, type Stored, type SubmissionOutcome, storeSubmission } from '../../store/csr-submission.ts';
import type { EnrollmentReading } from '../../store/read-enrollment.ts';
import type { ApiDeps } from '../deps.ts';
import { hungUp } from '../http/hung-up.ts';
import { requireDevice } from '../middleware/caller.ts';
import { parseBody } from '../middleware/json-body.ts';
import { preferredWaitMs } from '../prefer-wait.ts';
import { credentialsOf } from '../render-credentials.ts';
import { submissionDigest } from '../submission-digest.ts';
import { askRun, ensureStarted, readAgain, refusalAt } from '../where-it-stands.ts';
import { sendIssuing } from './get-credentials.ts';

/** Judging takes milliseconds; a call that prefers not to wait for the certificates still waits for the verdict. */
const VERDICT_MS = 6_000;
const POLL_MS = 100;
/** Longer than any enrollment: a client that obeys Retry-After does not come back to this one. */
const ENDS_FIRST_SECONDS = 3_600;

/**
 * POST /v1/enrollments/{id}/csr. Stores the submission, of what cannot be a CSR only digest and fault; asks the run to judge it, answers
 * from the rows. May be repeated with the same bytes: the same submission has one outcome.
 */
export const postCsr =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { reading } = await requireDevice(deps, req);
    const body = parseBody(req, csrRequest);
    refusePrivateKey(deps, reading, body);
    const waitMs = preferredWaitMs(req, res, 10);
    const digest = submissionDigest(body);
    const stored = await store(deps, reading, body, digest);
    const after = needsVerdict(stored)
      ? await verdict(deps, reading, digest, waitMs, res.locals.requestId)
      : await readAgain(deps, reading.enrollment.id);
    await answer(deps, res, after, digest);
  };

/** Never stored, never logged: such a key is burnt, and its developer must hear of it. */
function refusePrivateKey(deps: ApiDeps, reading: EnrollmentReading, { csr, deliveryKey }: CsrRequest): void {
  const found = findPrivateKey(csr, deliveryKey);
  if (found !== undefined) throw refusalAt(deps, reading, found.code, found.detail, { hint: found.hint });
}

async function store(deps: ApiDeps, reading: EnrollmentReading, body: CsrRequest, digest: string): Promise<Stored> {
  const { csr: csrText, deliveryKey, deliveryFormat, sdkKey } = body;
  if (sdkKey !== undefined && !deps.config.sdkKeyTypes.includes(sdkKey)) {
    throw new ServiceError('invalid_body', `/sdkKey: must be one of ${deps.config.sdkKeyTypes.join(', ')}`, { pointer: '/sdkKey' });
  }
  const unreadable = refuseUnreadable(csrText);
  const sent = {
    enrollmentId: reading.enrollment.id,
    digest,
    csrText,
    deliveryKey,
    deliveryFormat,
    ...(sdkKey === undefined ? {} : { sdkKey }),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
  const stored = await storeSubmission(deps.db, sent, deps.config.maxCsrSubmissions);
  if (stored === undefined) throw new ServiceError('invalid_token', 'The enrollment of this token is not kept any more.');
  if (stored.kind === 'too_many') throw new ServiceError('csr_submissions_exceeded', undefined, {}, ENDS_FIRST_SECONDS);
  return stored;
}

/** An accepted submission still waits for its certificates; a refused one is answered from its row. */
function needsVerdict(stored: Stored): boolean {
  if (stored.kind === 'not_now' || stored.kind === 'too_many') return false;
  const { state } = stored.enrollment;
  const { outcome } = stored.submission;
  return (state === 'awaiting-csr' && outcome === undefined) || (state === 'issuing' && outcome === 'accepted');
}

/** Sends the update and waits for its result, or for the time the caller gave, or for the row to show the verdict. */
async function verdict(
  deps: ApiDeps,
  reading: EnrollmentReading,
  digest: string,
  waitMs: number,
  requestId: string,
): Promise<EnrollmentReading> {
  const { id } = reading.enrollment;
  await ensureStarted(deps, reading);
  const ask = () => deps.gateway.submitCsr(id, digest, requestId, waitMs + VERDICT_MS);
  const update = askRun(deps, reading, ask).catch((error: unknown) => new Trouble(error));
  const first = await Promise.race([update, sleep(waitMs, 'waited' as const)]);
  if (first === 'waited') await Promise.race([update, untilJudged(deps, reading, digest)]);
  const after = await readAgain(deps, id);
  // Trouble with the run matters only as long as the row shows no verdict.
  if (after.enrollment.state === 'awaiting-csr' && first instanceof Trouble) throw first.error;
  return after;
}

class Trouble {
  constructor(readonly error: unknown) {}
}

async function untilJudged(deps: ApiDeps, { enrollment: { id } }: EnrollmentReading, digest: string): Promise<void> {
  for (let waited = 0; waited < VERDICT_MS; waited += POLL_MS) {
    const submission = await readSubmission(deps.db, id, digest);
    if (submission?.outcome !== undefined) return;
    await sleep(POLL_MS);
  }
}

/** The table of protocol §4, column by column; a stored refusal comes first, in any state. */
async function answer(deps: ApiDeps, res: Response, after: EnrollmentReading, digest: string): Promise<void> {
  const { enrollment } = after;
  const outcome = (await readSubmission(deps.db, enrollment.id, digest))?.outcome;
  if (outcome !== undefined && outcome !== 'accepted') throw refused(deps, after, outcome);
  switch (enrollment.state) {
    case 'awaiting-pin':
      throw refusalAt(deps, after, 'wrong_state', 'The PIN comes first.');
    case 'awaiting-csr':
      throw new ServiceError('service_unavailable', 'The CSR was received and is not judged yet.', {}, 1);
    case 'issuing':
    case 'awaiting-ack':
    case 'completed':
      if (enrollment.csrDigest !== digest) throw refusalAt(deps, after, 'csr_already_accepted');
      return deliver(deps, res, after);
    default:
      throw refusalAt(deps, after, 'wrong_state', 'The enrollment has ended.');
  }
}

/** Handing out is counted and audited: to a caller that has hung up meanwhile nothing is handed out. */
async function deliver(deps: ApiDeps, res: Response, after: EnrollmentReading): Promise<void> {
  if (hungUp(res)) return;
  if (after.enrollment.state === 'issuing') return sendIssuing(res, after);
  const credentials = await credentialsOf(deps, after);
  if (credentials === undefined) throw gone(deps, await readAgain(deps, after.enrollment.id));
  res.json(credentials);
}

/** It ended between the reading and the delivery: the column of that end, not of the acknowledged one. */
function gone(deps: ApiDeps, after: EnrollmentReading): ServiceError {
  if (after.enrollment.state === 'completed') return refusalAt(deps, after, 'credentials_gone');
  return refusalAt(deps, after, 'wrong_state', 'The enrollment has ended.');
}

function refused(
  deps: ApiDeps,
  after: EnrollmentReading,
  { code, detail, offset, attemptsLeft }: Exclude<SubmissionOutcome, 'accepted'>,
): ServiceError {
  const { hint, rule } = isCsrRefusalCode(code) ? CSR_REFUSALS[code] : { hint: '', rule: '' };
  return refusalAt(deps, after, code, detail, { rule, hint, attemptsLeft, ...(offset === undefined ? {} : { offset }) });
}
