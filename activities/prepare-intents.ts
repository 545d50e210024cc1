import { issuerFor, type KeyType } from '../contract/key-types.ts';
import { ServiceError } from '../contract/service-error.ts';
import { type CsrVerdict, judgeCsr } from '../core/csr/judge-csr.ts';
import { lintCertificate } from '../core/pki/lint-certificate.ts';
import { type CertificateInput, prepareCertificate } from '../core/pki/prepare-certificate.ts';
import type { Signer } from '../core/pki/signer.ts';
import { type Validity, validityFor } from '../core/pki/validity.ts';
import { spkiDigest } from '../core/sealing/binding.ts';
import { reach } from '../faults/reach.ts';
import { isBlocked } from '../store/blocked-key.ts';
import type { SubmissionRow } from '../store/csr-submission.ts';
import { databaseTime } from '../store/database.ts';
import type { EnrollmentRow } from '../store/enrollment-row.ts';
import type { Intent, SealedKey } from '../store/issuing.ts';
import type { IssuanceDeps, MadeSdkKey } from './ports.ts';

type Accepted = Extract<CsrVerdict, { ok: true }>;

export interface Prepared {
  intents: Intent[];
  key: SealedKey;
  /** SHA-256 of the SubjectPublicKeyInfo to which the key was sealed, hex. */
  deliverySpkiSha256: string;
}

/** Makes and seals the SDK key and builds both to-be-signed certificates. Nothing is stored or signed yet. */
export async function prepareIntents(deps: IssuanceDeps, enrollment: EnrollmentRow, submission: SubmissionRow): Promise<Prepared> {
  const csr = judgeAgain(deps, submission);
  await refuseBlockedEarly(deps, csr);
  const { deliveryFormat: format, enrollmentId } = submission;
  const sdkType = submission.sdkKey ?? presetSdkType(csr.keyType);
  const { deliveryKey, deliveryKid } = csr;
  const made = await deps.makeSdkKey({ keyType: sdkType, format, enrollmentId, deliveryKey, deliveryKid });
  await reach('sdk-key-made', enrollmentId);
  const now = await databaseTime(deps.db);
  requireClock(deps, made, now);
  const validity = sharedValidity(deps, [csr.keyType, sdkType], now);
  const intents = [
    intentOf(certificateInput(deps, enrollment, 'user', csr.keyType, csr.spki, validity)),
    intentOf(certificateInput(deps, enrollment, 'sdk', sdkType, made.spki, validity)),
  ];
  return { intents, key: sealedKey(made, submission, deliveryKid), deliverySpkiSha256: csr.deliverySpkiSha256Hex };
}

/**
 * Intents of an earlier attempt must be for the very keys of this enrollment: the CSR's, and the one that was sealed. Rows of another
 * origin (a fault, a hand in the database) are refused and never signed. Error: `issuing_refused`.
 */
export function requireOwnKeys(
  deps: IssuanceDeps,
  submission: SubmissionRow,
  intents: readonly Intent[],
  sealedSpkiSha256: string | undefined,
): void {
  const csr = judgeAgain(deps, submission);
  const own = intents.every(({ kind, spki }) =>
    kind === 'user' ? Buffer.from(spki).equals(csr.spki) : spkiDigest(spki) === sealedSpkiSha256,
  );
  if (!own) throw new ServiceError('issuing_refused', 'The stored intents are not for the keys of this enrollment.');
}

/** This process trusts rows only: the stored CSR must pass the gate here as well. */
function judgeAgain(deps: IssuanceDeps, submission: SubmissionRow): Accepted {
  const { csrText } = submission;
  if (csrText === undefined) throw new ServiceError('issuing_refused', 'The accepted CSR has no text.');
  const verdict = judgeCsr({ ...submission, csrText }, deps);
  if (!verdict.ok) throw new ServiceError('issuing_refused', `The stored CSR does not pass the gate: ${verdict.refusal.code}.`);
  return verdict;
}

/** No SDK key is made and nothing sealed for a key that was blocked meanwhile (ADR 28). Before a signature `markSigning` looks, under the lock. */
async function refuseBlockedEarly({ db }: IssuanceDeps, { spkiSha256Hex }: Accepted): Promise<void> {
  if (await isBlocked(db, spkiSha256Hex))
    throw new ServiceError('issuing_refused', 'The key of the accepted CSR is on the block list: key_blocked.');
}

/** The SDK key follows the family of the CSR. */
function presetSdkType(csrType: KeyType): KeyType {
  return csrType.startsWith('EC') ? 'EC:P-256' : 'RSA:2048';
}

/** The receipt says when the key was made, by this clock: wrong by an hour it would be a false witness. Another process may issue. */
function requireClock({ clockToleranceMs }: IssuanceDeps, { plainGoneBy }: MadeSdkKey, now: Date): void {
  if (Math.abs(now.getTime() - plainGoneBy.getTime()) <= clockToleranceMs) return;
  throw new ServiceError('service_unavailable', "The clock of the issuance process is not the database's.", {}, 10);
}

function sharedValidity(deps: IssuanceDeps, types: readonly KeyType[], now: Date): Validity {
  const issuers = types.map((type) => signerFor(deps, type).certificateDer);
  return validityFor(issuers, now, deps.validity);
}

export function signerFor({ signers }: IssuanceDeps, type: KeyType): Signer {
  const signer = signers.get(issuerFor(type));
  if (signer === undefined) throw new ServiceError('issuer_unavailable', `There is no issuing CA for ${type}.`);
  return signer;
}

export function certificateInput(
  deps: IssuanceDeps,
  { userId, deviceId }: EnrollmentRow,
  kind: Intent['kind'],
  keyType: KeyType,
  spki: Uint8Array,
  validity: Validity,
): CertificateInput {
  return {
    kind,
    keyType,
    spki,
    userId,
    deviceId,
    validity,
    issuerCertificate: signerFor(deps, keyType).certificateDer,
    config: deps.certificates,
  };
}

function intentOf(input: CertificateInput): Intent {
  const { serial, issuerId, profile, tbs, notBefore, notAfter } = prepareCertificate(input);
  const findings = lintCertificate(tbs, { ...input, serial });
  const spki = new Uint8Array(input.spki);
  return {
    kind: input.kind,
    keyType: input.keyType,
    serial,
    issuerId,
    profile,
    spki,
    tbs,
    notBefore,
    notAfter,
    lint: findings.length === 0 ? 'clean' : findings.join('\n'),
  };
}

function sealedKey(made: MadeSdkKey, { deliveryFormat: format }: SubmissionRow, deliveryKid: string): SealedKey {
  const { spki, sealed, sealedSha256, madeAt, sealedAt, plainGoneBy } = made;
  return { format, deliveryKid, spkiSha256: spkiDigest(spki), sealed, sealedSha256, madeAt, sealedAt, plainGoneBy };
}
