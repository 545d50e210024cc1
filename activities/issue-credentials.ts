import { createHash } from 'node:crypto';
import type { EnrollmentId } from '../contract/ids.ts';
import { ServiceError } from '../contract/service-error.ts';
import type { EndCode, State } from '../contract/states.ts';
import { authorise, type SigningToken } from '../core/pki/authorise.ts';
import { issuerFacts } from '../core/pki/issuer-facts.ts';
import { signCertificate } from '../core/pki/sign-certificate.ts';
import type { Signer } from '../core/pki/signer.ts';
import { reach } from '../faults/reach.ts';
import { readSubmission } from '../store/csr-submission.ts';
import type { EnrollmentRow } from '../store/enrollment-row.ts';
import {
  auditRefusal,
  commitIntents,
  type Fenced,
  type Intent,
  type IssuedCertificate,
  type IssuingReading,
  markSigning,
  readIssuing,
  type SigningKey,
  storeCertificates,
} from '../store/issuing.ts';
import { noSuchEnrollment } from './failure.ts';
import { parseEnrollmentId } from './parse-input.ts';
import type { IssuanceDeps } from './ports.ts';
import { certificateInput, prepareIntents, requireOwnKeys, signerFor } from './prepare-intents.ts';
import type { EnrollmentRef } from './read-enrollment.ts';
import { requireUnrevokedCas } from './require-unrevoked-cas.ts';

export interface Issued {
  state: State;
  code?: EndCode;
}

/**
 * Issues both certificates of an enrollment exactly once (protocol §5): make and seal the SDK key, commit what will be signed, lint,
 * mark, sign exactly those bytes, store. It trusts rows only: without `issuing` and a satisfied PIN in the row it does nothing.
 * May be repeated at any point (key: one intent per enrollment and kind): stored intents are signed again, never made again.
 * Errors: `issuing_refused`, `issuer_unavailable`, `enrollment_not_found` and `invalid_body` are permanent, everything else is worth a retry.
 */
export const issueCredentials = (deps: IssuanceDeps) =>
  async function issueCredentials(request: EnrollmentRef): Promise<Issued> {
    const id = parseEnrollmentId(request?.enrollmentId);
    const reading = await readIssuing(deps.db, id);
    if (reading === undefined) throw noSuchEnrollment();
    if (reading.enrollment.state !== 'issuing') return where(reading.enrollment);
    return issue(deps, reading).catch((error: unknown) => audited(deps, reading.enrollment, error));
  };

async function issue(deps: IssuanceDeps, reading: IssuingReading): Promise<Issued> {
  const { enrollment } = reading;
  requirePin(enrollment);
  const intents = await intentsOf(deps, reading);
  if ('ended' in intents) return whereFenced(intents);
  const authorised = intents.map((intent) => authoriseStored(deps, enrollment, intent));
  await requireUnrevokedCas(
    deps.db,
    authorised.map(({ signer }) => signer),
  );
  const fenced =
    (await markSigning(deps.db, enrollment.id, authorised.map(keyUsed))) ?? (await signAndStore(deps, enrollment.id, authorised));
  return fenced === undefined ? { state: 'awaiting-ack' } : whereFenced(fenced);
}

async function signAndStore(deps: IssuanceDeps, id: EnrollmentId, authorised: readonly AuthorisedIntent[]): Promise<Fenced | undefined> {
  const issued = authorised.map(signOne);
  await reach('signed', issued.map(({ serial }) => serial).join(' '));
  return storeCertificates(deps.db, id, issued);
}

/** Only a refusal for good is an outcome; passing trouble is tried again. */
async function audited(deps: IssuanceDeps, enrollment: EnrollmentRow, error: unknown): Promise<never> {
  const forGood = error instanceof ServiceError && (error.code === 'issuing_refused' || error.code === 'issuer_unavailable');
  if (forGood) await auditRefusal(deps.db, enrollment, error.code, error.message);
  throw error;
}

/** A forged signal or a hand-made start cannot bring a row here; a fault of ours could, and issues nothing. */
function requirePin({ pinWaived, pinSatisfiedAt }: EnrollmentRow): void {
  if (!pinWaived && pinSatisfiedAt === undefined)
    throw new ServiceError('issuing_refused', 'The PIN of this enrollment was neither satisfied nor waived.');
}

/** Intents of an earlier attempt win: their key is sealed and their serials are taken. */
async function intentsOf(deps: IssuanceDeps, { enrollment, intents, sealedSpkiSha256 }: IssuingReading): Promise<Intent[] | Fenced> {
  const { id, csrDigest } = enrollment;
  const submission = csrDigest === undefined ? undefined : await readSubmission(deps.db, id, csrDigest);
  if (submission === undefined) throw new ServiceError('issuing_refused', 'The accepted submission is not there.');
  if (intents.length > 0) {
    requireOwnKeys(deps, submission, intents, sealedSpkiSha256);
    return intents;
  }
  const prepared = await prepareIntents(deps, enrollment, submission);
  return commitIntents(deps.db, id, prepared);
}

interface AuthorisedIntent {
  intent: Intent;
  token: SigningToken;
  signer: Signer;
}

/** No signature, and no signing mark, without a lint of exactly these stored bytes: what is refused here needs no revocation. */
function authoriseStored(deps: IssuanceDeps, enrollment: EnrollmentRow, intent: Intent): AuthorisedIntent {
  const { kind, keyType, spki, tbs, serial, notBefore, notAfter } = intent;
  const expected = { ...certificateInput(deps, enrollment, kind, keyType, spki, { notBefore, notAfter }), serial };
  return { intent, token: authorise(tbs, expected), signer: signerFor(deps, keyType) };
}

function keyUsed({ intent: { kind, serial }, signer }: AuthorisedIntent): SigningKey {
  return { kind, serial, issuerKeyId: Buffer.from(issuerFacts(signer.certificateDer).keyId).toString('hex') };
}

function signOne({ intent: { kind, serial, issuerId }, token, signer }: AuthorisedIntent): IssuedCertificate {
  const der = new Uint8Array(signCertificate(token, signer));
  return { kind, serial, issuerId, der, sha256: createHash('sha256').update(der).digest('hex') };
}

function where({ state, code }: { state: State; code?: EndCode }): Issued {
  return { state, ...(code === undefined ? {} : { code }) };
}

function whereFenced({ ended, code }: Fenced): Issued {
  return where({ state: ended, ...(code === undefined ? {} : { code }) });
}
