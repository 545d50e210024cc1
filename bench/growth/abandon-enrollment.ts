import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type EnrollmentId, toEnrollmentId, toSerialHex } from '../../contract/ids.ts';
import { refuseUnreadable } from '../../core/csr/refuse-unreadable.ts';
import { createEnrollment } from '../../store/create-enrollment.ts';
import { acceptSubmission, refuseSubmission, storeSubmission } from '../../store/csr-submission.ts';
import type { Database } from '../../store/database.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { commitIntents, type Intent, markSigning, storeCertificates } from '../../store/issuing.ts';

const DAY_MS = 86_400_000;
const LIMITS = { pinSeconds: 900, csrSeconds: 900, ackSeconds: 900, wholeSeconds: 3_600 };
/** Octets as the real ones have: a PEM request, a to-be-signed certificate and a certificate of P-256 keys, a sealed key. */
const SIZES = { csr: 800, tbs: 680, certificate: 760, sealed: 900, garbage: 60_000 };

/** Where a device gave up: before its PIN, after four refused CSRs of which three are none, or with certificates that it never fetched. */
export const ABANDONED = ['at the PIN', 'after refused CSRs', 'before the acknowledgement'] as const;

/**
 * One enrollment that a device abandons, through the functions with which the service writes it. `asBefore`: with the text of everything
 * that was sent, as the version before stored it. The end is not written yet.
 */
export async function beginAbandoned(db: Database, n: number, asBefore: boolean): Promise<EnrollmentId> {
  const id = await create(db, n);
  if (n % 3 === 0) return id;
  await passPin(db, id);
  if (n % 3 === 1) await sendRefused(db, id, asBefore);
  else await getCertificates(db, id);
  return id;
}

export async function expire(db: Database, id: EnrollmentId): Promise<void> {
  await endEnrollment(db, { id, state: 'expired', code: 'deadline_pin', actor: 'sweeper' });
}

async function create(db: Database, n: number): Promise<EnrollmentId> {
  const ids = { clientId: 'ts-bench', userId: `user-${n}`, deviceId: `device-${n}`, tokenId: `token-${n}`, idempotencyKey: randomUUID() };
  const token = { tokenKid: 't1', tokenSalt: new Uint8Array(16), bodySha256: '0'.repeat(64) };
  const id = toEnrollmentId(randomUUID());
  await createEnrollment(db, { id, ...ids, ...token, platform: 'android', pinPolicy: 'verify', limits: LIMITS, maxPinFailures: 10 });
  await db.$executeRaw`
    INSERT INTO pin_attempt (enrollment_id, attempt_id, mode, outcome, decided_at)
    SELECT ${id}::uuid, gen_random_uuid(), 'verify', 'pin_incorrect', clock_timestamp() FROM generate_series(1, 2)`;
  return id;
}

async function passPin(db: Database, id: EnrollmentId): Promise<void> {
  await db.$executeRaw`UPDATE enrollment SET state = 'awaiting-csr', pin_satisfied_at = clock_timestamp() WHERE id = ${id}::uuid`;
}

async function send(db: Database, enrollmentId: EnrollmentId, csrText: string, asBefore: boolean): Promise<string> {
  const digest = createHash('sha256').update(csrText).digest('hex');
  const deliveryKey = { kty: 'EC', crv: 'P-256', x: base64(32), y: base64(32) };
  const refusal = asBefore ? undefined : refuseUnreadable(csrText);
  const seen = refusal === undefined ? {} : { unreadable: refusal };
  await storeSubmission(db, { enrollmentId, digest, csrText, deliveryKey, deliveryFormat: 'jwe', ...seen }, 10);
  return digest;
}

async function sendRefused(db: Database, enrollmentId: EnrollmentId, asBefore: boolean): Promise<void> {
  const garbage = () => `${base64(SIZES.garbage).slice(0, SIZES.garbage)}!`;
  for (const csrText of [garbage(), garbage(), garbage()]) {
    const digest = await send(db, enrollmentId, csrText, asBefore);
    await refuseSubmission(db, { enrollmentId, digest, code: 'csr_encoding', detail: 'Not base64.', counted: true }, 5);
  }
  const digest = await send(db, enrollmentId, base64(SIZES.csr), true);
  await refuseSubmission(db, { enrollmentId, digest, code: 'challenge_mismatch', detail: 'Another challenge.', counted: true }, 5);
}

async function getCertificates(db: Database, id: EnrollmentId): Promise<void> {
  const digest = await send(db, id, base64(SIZES.csr), true);
  const keys = { spkiSha256: randomBytes(32).toString('hex'), deliverySpkiSha256: randomBytes(32).toString('hex') };
  await acceptSubmission(db, { enrollmentId: id, digest, ...keys });
  const intents = [intent('user'), intent('sdk')];
  const now = new Date();
  const key = {
    format: 'jwe',
    deliveryKid: base64(32),
    spkiSha256: base64(32),
    sealed: base64(SIZES.sealed),
    sealedSha256: base64(32),
  } as const;
  const times = { madeAt: now, sealedAt: now, plainGoneBy: now };
  await commitIntents(db, id, { intents, key: { ...key, ...times }, deliverySpkiSha256: keys.deliverySpkiSha256 });
  await markSigning(db, id, []);
  const issued = intents.map(({ kind, serial, issuerId }) => ({
    kind,
    serial,
    issuerId,
    der: octets(SIZES.certificate),
    sha256: randomBytes(32).toString('hex'),
  }));
  await storeCertificates(db, id, issued);
}

function intent(kind: Intent['kind']): Intent {
  const serial = toSerialHex(`4${randomBytes(16).toString('hex').slice(1)}`);
  const shape = { issuerId: 'issuing-ec', profile: `${kind}-ec`, keyType: 'EC:P-256', lint: 'clean' } as const;
  const notBefore = new Date();
  return { kind, serial, ...shape, spki: octets(91), tbs: octets(SIZES.tbs), notBefore, notAfter: new Date(Date.now() + 365 * DAY_MS) };
}

const octets = (size: number) => new Uint8Array(randomBytes(size));
const base64 = (size: number) => randomBytes(size).toString('base64url');
