import { createHash, randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Database, Executor } from '../../../store/database.ts';

/** How far an enrollment came before it ended. */
const KINDS = ['open', 'none', 'intended', 'marked', 'issued', 'completed', 'superseded'] as const;

/** One enrollment as time left it. Days are whole; half a day is added where it counts, so that nothing falls on a limit. */
export interface Life {
  kind: (typeof KINDS)[number];
  endedDaysAgo: number;
  /** From the end to notAfter of both certificates. */
  validDays: number;
  device: number;
  submissions: number;
  pinAttempts: number;
}

export const anyLife: fc.Arbitrary<Life> = fc.record({
  kind: fc.constantFrom(...KINDS),
  endedDaysAgo: fc.oneof(fc.nat(120), fc.nat(700)),
  validDays: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 400 })),
  device: fc.nat(2),
  submissions: fc.nat(3),
  pinAttempts: fc.nat(3),
});

/** What was inserted for a life, to be looked for later. */
export interface Lived extends Life {
  id: string;
  clientId: string;
  deviceId: string;
  idempotencyKey: string;
  serials: readonly string[];
  /** SHA-256 of the SPKI, hex. */
  sdkKey: string;
}

const HAS_INTENTS = new Set<Life['kind']>(['intended', 'marked', 'issued', 'completed', 'superseded']);
const HAS_CERTIFICATES = new Set<Life['kind']>(['issued', 'completed', 'superseded']);

/** Whether a certificate may exist. */
export const isSigned = ({ kind }: Life): boolean => kind === 'marked' || HAS_CERTIFICATES.has(kind);
export const isRevoked = ({ kind }: Life): boolean => kind === 'marked' || kind === 'issued' || kind === 'superseded';
export const hasIntents = ({ kind }: Life): boolean => HAS_INTENTS.has(kind);
export const hasCertificates = ({ kind }: Life): boolean => HAS_CERTIFICATES.has(kind);
/** A device that got as far as its PIN. */
const isKnown = ({ kind }: Life): boolean => kind !== 'open' && kind !== 'none';
export const submissionsOf = (life: Life): number => (hasIntents(life) ? life.submissions + 1 : life.submissions);

/** Inserts the rows that such a life leaves, as the database's superuser, whom no guard binds; constraints and foreign keys do. */
export async function live(db: Database, clientId: string, life: Life): Promise<Lived> {
  // One open enrollment a device.
  const deviceId = life.kind === 'open' ? `open-${randomUUID()}` : `d-${life.device}`;
  const serial = () => `4${randomBytes(16).toString('hex').slice(1)}`;
  const sdkSpki = randomBytes(40);
  const sdkKey = createHash('sha256').update(sdkSpki).digest('hex');
  const serials = hasIntents(life) ? [serial(), serial()] : [];
  const lived = { ...life, id: randomUUID(), clientId, deviceId, idempotencyKey: randomUUID(), serials, sdkKey };
  await db.$transaction(async (tx) => {
    await insertEnrollment(tx, lived);
    await insertSubmissions(tx, lived);
    if (isKnown(life)) await insertDevice(tx, lived);
    for (const [n, kind] of hasIntents(life) ? (['user', 'sdk'] as const).entries() : []) {
      await insertCredential(tx, lived, kind, serials[n] ?? '', kind === 'sdk' ? sdkSpki : randomBytes(40));
    }
  });
  return lived;
}

const END = {
  none: ['failed', 'pin_attempts_exceeded'],
  intended: ['failed', 'issuing_refused'],
  marked: ['expired', 'deadline_issuing'],
  issued: ['expired', 'deadline_ack'],
} as const;

async function insertEnrollment(tx: Executor, life: Lived): Promise<void> {
  const { id, clientId, deviceId, idempotencyKey, kind } = life;
  const [state, code] = kind === 'open' ? ['awaiting-pin', null] : kind in END ? END[endOf(kind)] : ['completed', null];
  const digest = hasIntents(life) ? digestOf(0) : null;
  await tx.$executeRaw`
    INSERT INTO enrollment (id, client_id, user_id, device_id, token_id, platform, pin_policy, idempotency_key, body_sha256, token_kid, token_salt,
      state, code, created_at, state_since, stage_deadline, expires_at, ended_at, pin_seconds, csr_seconds, ack_seconds, pin_waived, csr_digest)
    SELECT ${id}::uuid, ${clientId}, 'u-1', ${deviceId}, 't-1', 'other', 'skip-if-present', ${idempotencyKey}, 'test', 't1', '\\x00',
      ${state}, ${code}, at, at, at, at, CASE WHEN ${kind} = 'open' THEN NULL ELSE at END, 900, 900, 900, true, ${digest}
    FROM (SELECT now() - make_interval(secs => ${(life.endedDaysAgo + 0.5) * 86_400}) AS at) ended`;
}

function endOf(kind: Life['kind']): keyof typeof END {
  return kind === 'intended' || kind === 'marked' || kind === 'issued' ? kind : 'none';
}

const digestOf = (n: number) => String(n).repeat(64);

async function insertSubmissions(tx: Executor, life: Lived): Promise<void> {
  for (let n = 0; n < submissionsOf(life); n += 1) {
    await tx.$executeRaw`
      INSERT INTO csr_submission (enrollment_id, digest, csr_text, delivery_key, delivery_format) VALUES (${life.id}::uuid, ${digestOf(n)}, '', '{}', 'jwe')`;
  }
  for (let n = 0; n < life.pinAttempts; n += 1) {
    await tx.$executeRaw`INSERT INTO pin_attempt (enrollment_id, attempt_id, mode) VALUES (${life.id}::uuid, gen_random_uuid(), 'verify')`;
  }
}

async function insertDevice(tx: Executor, { clientId, deviceId }: Lived): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO device (client_id, user_id, device_id, token_id, platform, pin_proven_at) VALUES (${clientId}, 'u-1', ${deviceId}, 't-1', 'other', now())
    ON CONFLICT DO NOTHING`;
}

async function insertCredential(tx: Executor, life: Lived, kind: 'user' | 'sdk', serial: string, spki: Uint8Array): Promise<void> {
  const { id, clientId, deviceId } = life;
  const notAfter = new Date(Date.now() + (life.validDays - life.endedDaysAgo - 0.5) * 86_400_000);
  const sealing = new Date(notAfter.getTime() - life.validDays * 86_400_000);
  const status = hasCertificates(life) ? 'issued' : 'burnt';
  await tx.$executeRaw`
    INSERT INTO credential_intent (enrollment_id, kind, serial, issuer_id, profile, key_type, spki, tbs, not_before, not_after, lint, status, signing_started_at)
    VALUES (${id}::uuid, ${kind}, ${serial}, 'issuing-ec', 'test', 'EC:P-256', ${spki}, '\\x00', ${sealing}, ${notAfter}, 'clean', ${status},
      ${isSigned(life) ? sealing : null}::timestamptz)`;
  if (kind === 'user') {
    const claim = randomBytes(32).toString('hex');
    await tx.$executeRaw`INSERT INTO key_claim (spki_sha256, client_id, user_id, device_id, enrollment_id) VALUES (${claim}, ${clientId}, 'u-1', ${deviceId}, ${id}::uuid)`;
    await tx.$executeRaw`
      INSERT INTO delivery (enrollment_id, format, delivery_kid, spki_sha256, sealed_sha256, made_at, sealed_at, plain_gone_by, erased_at, receipt)
      VALUES (${id}::uuid, 'jwe', 'k', 's', 's', ${sealing}, ${sealing}, ${sealing}, ${sealing}, 'receipt')`;
  }
  if (hasCertificates(life)) {
    await tx.$executeRaw`
      INSERT INTO certificate (serial, enrollment_id, kind, issuer_id, client_id, user_id, device_id, token_id, key_type, der, sha256, not_before, not_after, status)
      VALUES (${serial}, ${id}::uuid, ${kind}, 'issuing-ec', ${clientId}, 'u-1', ${deviceId}, 't-1', 'EC:P-256', '\\x00', ${randomBytes(32).toString('hex')},
        ${sealing}, ${notAfter}, ${isRevoked(life) ? 'revoked' : 'active'})`;
  }
  if (isRevoked(life)) {
    await tx.$executeRaw`
      INSERT INTO revocation (issuer_id, serial, enrollment_id, revoked_at, reason, not_after)
      VALUES ('issuing-ec', ${serial}, ${id}::uuid, ${sealing}, 'superseded', ${notAfter})`;
  }
}
