import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { submissionDigest } from '../../../api/submission-digest.ts';
import type { CsrRequest, PinRequest } from '../../../contract/http.ts';
import { type EnrollmentId, toEnrollmentId } from '../../../contract/ids.ts';
import { type EndCode, STATES, type State } from '../../../contract/states.ts';
import { makeChallenge } from '../../../core/csr/challenge.ts';
import { hashPin, prehash } from '../../../core/pin/pin-hash.ts';
import { makeEnrollmentToken } from '../../../core/token/enrollment-token.ts';
import { beginPinAttempt } from '../../../store/begin-pin-attempt.ts';
import { createEnrollment } from '../../../store/create-enrollment.ts';
import { storeSubmission } from '../../../store/csr-submission.ts';
import { databaseTime } from '../../../store/database.ts';
import { deliverCredentials } from '../../../store/delivery.ts';
import { endEnrollment } from '../../../store/end-enrollment.ts';
import { markStarted } from '../../../store/read-enrollment.ts';
import { settlePinAttempt } from '../../../store/settle-pin-attempt.ts';
import { ackProof, csrBody, GOOD_PIN, newDevice, pinBody, type TestDevice, wrongPinBody } from './device.ts';
import type { Stand } from './stand.ts';

/** An enrollment, with everything that its device sent on the way. */
export interface Staged {
  readonly id: EnrollmentId;
  readonly token: string;
  readonly clientId: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly device: TestDevice;
  /** A PIN attempt that was judged wrong, and the one that was right. */
  wrongAttempt?: PinRequest;
  rightAttempt?: PinRequest;
  refusedCsr?: CsrRequest;
  acceptedCsr?: CsrRequest;
  proof?: string;
}

export interface StageOptions {
  readonly clientId?: string;
  readonly userId?: string;
  readonly deviceId?: string;
  /** false: the user has no PIN yet, and no wrong attempt precedes. */
  readonly pinSet?: boolean;
  /** false: no refused CSR precedes. */
  readonly refusedBefore?: boolean;
}

/** From which open state the test enrollments of an end state ended, and why. */
const ENDS = {
  expired: { from: 'issuing', code: 'deadline_issuing' },
  cancelled: { from: 'awaiting-ack', code: 'cancelled' },
  failed: { from: 'awaiting-csr', code: 'csr_attempts_exceeded' },
  locked: { from: 'awaiting-pin', code: 'pin_locked' },
} as const satisfies Partial<Record<State, { from: State; code: EndCode }>>;

/** Brings a new enrollment into a state through the functions of the store and the real activities, never by writing a column. */
export async function bringTo(stand: Stand, state: State, options: StageOptions = {}): Promise<Staged> {
  if (state === 'expired' || state === 'cancelled' || state === 'failed' || state === 'locked') {
    const { from, code } = ENDS[state];
    const staged = await bringTo(stand, from, options);
    await endEnrollment(stand.db, { id: staged.id, state, code, actor: 'test' });
    return staged;
  }
  const staged = await begin(stand, options);
  const reached = STATES.indexOf(state);
  if (options.pinSet !== false) await wrongPin(stand, staged);
  if (reached > STATES.indexOf('awaiting-pin')) await satisfyPin(stand, staged);
  if (reached > STATES.indexOf('awaiting-pin') && options.refusedBefore !== false) await refuseCsr(stand, staged);
  if (reached > STATES.indexOf('awaiting-csr')) await acceptCsr(stand, staged);
  if (reached > STATES.indexOf('issuing')) await stand.gateway.issuance.issueCredentials({ enrollmentId: staged.id });
  if (reached > STATES.indexOf('awaiting-ack')) await acknowledge(stand, staged);
  return staged;
}

async function begin(stand: Stand, options: StageOptions): Promise<Staged> {
  const { clientId = 'ts-a', userId = `u-${randomUUID()}`, deviceId = `d-${randomUUID()}`, pinSet = true } = options;
  if (pinSet && (await stand.db.userPin.count({ where: { userId } })) === 0) await givePin(stand, userId);
  const { id, token } = await insertEnrollment(stand, clientId, userId, deviceId);
  return { id, token, clientId, userId, deviceId, device: newDevice() };
}

export async function insertEnrollment(
  { db, config }: Stand,
  clientId: string,
  userId: string,
  deviceId: string,
): Promise<{ id: EnrollmentId; token: string }> {
  const { pinSeconds, csrSeconds, ackSeconds, wholeSeconds, maxPinFailures, tokenKeys } = config;
  const made = await createEnrollment(db, {
    id: toEnrollmentId(randomUUID()),
    clientId,
    userId,
    deviceId,
    tokenId: 't-1',
    platform: 'android',
    pinPolicy: 'verify',
    idempotencyKey: randomUUID(),
    bodySha256: 'test',
    tokenKid: tokenKeys.current.kid,
    tokenSalt: new Uint8Array(randomBytes(16)),
    limits: { pinSeconds, csrSeconds, ackSeconds, wholeSeconds },
    maxPinFailures,
  });
  if (made.kind === 'key_reused') throw new Error('a random key came twice');
  const { id, tokenSalt: salt, tokenKid: kid } = made.enrollment;
  await markStarted(db, id);
  return { id, token: makeEnrollmentToken({ enrollmentId: id, salt, kid, keys: tokenKeys }) };
}

/** Another device of the same user chooses the PIN. */
export async function givePin(stand: Stand, userId: string): Promise<void> {
  const { db, config } = stand;
  const { id: enrollmentId } = await insertEnrollment(stand, 'ts-a', userId, `first-${randomUUID()}`);
  const body = await pinBody(config, userId, GOOD_PIN, { mode: 'setup' });
  await settle(stand, enrollmentId, body, async () => {
    const pepperKid = config.pinPepperKeys.current.kid;
    const phc = await hashPin(
      prehash({ value: Buffer.from(body.pinHash.value, 'base64url'), userId, pepperKid, pepper: config.pinPepperKeys }),
    );
    return {
      mode: 'setup',
      weak: false,
      hash: { phc, pepperKid },
      params: { version: 1, memoryKib: 19_456, passes: 2, lanes: 1, saltKid: body.pinHash.kid },
    };
  });
  await endEnrollment(db, { id: enrollmentId, state: 'cancelled', code: 'cancelled', actor: 'test' });
}

async function wrongPin(stand: Stand, staged: Staged): Promise<void> {
  staged.wrongAttempt = wrongPinBody();
  await settle(stand, staged.id, staged.wrongAttempt, async () => ({ mode: 'verify', right: false }));
}

async function satisfyPin(stand: Stand, staged: Staged): Promise<void> {
  const hasPin = staged.wrongAttempt !== undefined;
  staged.rightAttempt = await pinBody(stand.config, staged.userId, GOOD_PIN, { mode: hasPin ? 'verify' : 'setup' });
  const params = { version: 1, memoryKib: 19_456, passes: 2, lanes: 1, saltKid: 's1' };
  await settle(stand, staged.id, staged.rightAttempt, async () =>
    hasPin ? { mode: 'verify', right: true } : { mode: 'setup', weak: false, hash: { phc: 'test', pepperKid: 'p1' }, params },
  );
}

type Evaluate = () => Promise<Parameters<typeof settlePinAttempt>[3]>;

async function settle(
  { db, config }: Stand,
  enrollmentId: EnrollmentId,
  { mode, attemptId, pinHash }: PinRequest,
  evaluate: Evaluate,
): Promise<void> {
  const entry = {
    enrollmentId,
    attemptId,
    mode,
    paramsVersion: pinHash.v,
    saltKid: pinHash.kid,
    currentSaltKid: config.pinSaltKeys.current.kid,
    hasPepper: () => true,
  };
  const limits = { maxFailures: config.maxPinFailures, maxAttempts: config.maxPinAttempts, delaySeconds: () => 0 };
  const beginning = await beginPinAttempt(db, entry, limits);
  if (beginning?.kind !== 'evaluate') throw new Error(`the attempt did not begin: ${JSON.stringify(beginning)}`);
  await settlePinAttempt(db, entry, beginning.job, await evaluate(), limits);
}

/** Good bytes but for a challenge that is not ours. */
async function refuseCsr(stand: Stand, staged: Staged): Promise<void> {
  staged.refusedCsr = csrBody(staged.device, '0'.repeat(82));
  await submit(stand, staged.id, staged.refusedCsr);
}

async function acceptCsr(stand: Stand, staged: Staged): Promise<void> {
  staged.acceptedCsr = csrBody(staged.device, await freshChallenge(stand, staged.id));
  await submit(stand, staged.id, staged.acceptedCsr);
}

export async function freshChallenge({ db, config }: Stand, enrollmentId: EnrollmentId): Promise<string> {
  const now = await databaseTime(db);
  return makeChallenge({
    enrollmentId,
    keys: config.challengeKeys,
    expiresAt: new Date((Math.floor(now.getTime() / 1_000) + config.challengeSeconds) * 1_000),
  });
}

async function submit({ db, config, gateway }: Stand, enrollmentId: EnrollmentId, body: CsrRequest): Promise<void> {
  const digest = submissionDigest(body);
  const { csr: csrText, deliveryKey, deliveryFormat } = body;
  await storeSubmission(db, { enrollmentId, digest, csrText, deliveryKey, deliveryFormat }, config.maxCsrSubmissions);
  await gateway.activities.judgeCsr({ enrollmentId, digest });
}

/** The proof that the device of a delivered enrollment makes. */
export async function deliver({ db }: Stand, staged: Staged): Promise<string> {
  const found = await deliverCredentials(db, staged.id);
  if (found === undefined) throw new Error('nothing to deliver');
  const sdkCertificate = new X509Certificate(found.sdk.der).toString();
  staged.proof = ackProof(staged.device, staged.id, {
    sdkCertificate,
    sdkKey: { format: found.format, value: found.sealed, sha256: found.sealedSha256 },
  });
  return staged.proof;
}

async function acknowledge(stand: Stand, staged: Staged): Promise<void> {
  const proof = await deliver(stand, staged);
  await stand.gateway.activities.finalizeDelivery({ enrollmentId: staged.id, proof, updateId: 'u' });
}
