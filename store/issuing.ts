import { type EnrollmentId, type SerialHex, toSerialHex } from '../contract/ids.ts';
import {
  CREDENTIAL_KINDS,
  type CredentialKind,
  type DeliveryFormat,
  type IssuingCaId,
  KEY_TYPES,
  type KeyType,
} from '../contract/key-types.ts';
import { ServiceError } from '../contract/service-error.ts';
import type { EndCode, State } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, type Executor, inDatabase, inTransaction } from './database.ts';
import { type EnrollmentRow, oneOf, toEnrollmentRow } from './enrollment-row.ts';
import type { CredentialIntent } from './generated/client.ts';
import { holdDeliveryKey } from './key-claim.ts';
import { lockEnrollment } from './lock-enrollment.ts';

type Octets = Uint8Array<ArrayBuffer>;

/** One certificate that is going to be signed: committed before the signature exists. */
export interface Intent {
  kind: CredentialKind;
  serial: SerialHex;
  issuerId: IssuingCaId;
  profile: string;
  keyType: KeyType;
  spki: Octets;
  /** To-be-signed certificate, DER. */
  tbs: Octets;
  notBefore: Date;
  notAfter: Date;
  /** What the linter said of `tbs`. */
  lint: string;
}

export interface SealedKey {
  format: DeliveryFormat;
  deliveryKid: string;
  /** SHA-256 of the SDK key's SubjectPublicKeyInfo, base64url. */
  spkiSha256: string;
  sealed: string;
  sealedSha256: string;
  madeAt: Date;
  sealedAt: Date;
  plainGoneBy: Date;
}

export interface IssuedCertificate {
  kind: CredentialKind;
  serial: SerialHex;
  issuerId: IssuingCaId;
  der: Octets;
  /** SHA-256 of `der`, hex. */
  sha256: string;
}

/** The row is no longer in `issuing`: the fenced step did nothing. */
export interface Fenced {
  ended: State;
  code?: EndCode;
}

export interface IssuingReading {
  enrollment: EnrollmentRow;
  intents: Intent[];
  /** Of the SDK key that was sealed, base64url; undefined before. */
  sealedSpkiSha256?: string;
}

export async function readIssuing(db: Executor, id: EnrollmentId): Promise<IssuingReading | undefined> {
  const row = await inDatabase(() =>
    db.enrollment.findUnique({ where: { id }, include: { intents: true, delivery: { select: { spkiSha256: true } } } }),
  );
  if (row === null) return undefined;
  const { intents, delivery, ...enrollment } = row;
  const reading = { enrollment: toEnrollmentRow(enrollment), intents: intents.map(toIntent) };
  return delivery === null ? reading : { ...reading, sealedSpkiSha256: delivery.spkiSha256 };
}

export interface ToCommit {
  intents: readonly Intent[];
  key: SealedKey;
  /** SHA-256 of the SubjectPublicKeyInfo to which the key was sealed, hex. */
  deliverySpkiSha256: string;
}

/**
 * Commits both intents and the sealed key, all or nothing, while the row is `issuing`. May be repeated: intents that are there
 * already win and are returned, the caller discards its own. Error: `issuing_refused` when the delivery key has another use (ADR 49). `createMany`, here and below, because `create` reads the row back, and this
 * process has no right to.
 */
export async function commitIntents(
  db: Database,
  id: EnrollmentId,
  { intents, key, deliverySpkiSha256 }: ToCommit,
): Promise<Intent[] | Fenced> {
  const committed = await inTransaction<Intent[] | Fenced>(db, async (tx) => {
    const enrollment = await lockEnrollment(tx, id);
    if (enrollment?.state !== 'issuing') return fenced(enrollment);
    const earlier = await tx.credentialIntent.findMany({ where: { enrollmentId: id } });
    if (earlier.length > 0) return earlier.map(toIntent);
    if (!(await holdDeliveryKey(tx, enrollment, deliverySpkiSha256)))
      throw new ServiceError('issuing_refused', 'The delivery key of the accepted CSR has another use: delivery_key_reused.');
    await tx.credentialIntent.createMany({ data: intents.map((intent) => ({ ...intent, enrollmentId: id })) });
    await tx.delivery.createMany({ data: [{ enrollmentId: id, ...key }] });
    await auditIntents(tx, enrollment, intents, key);
    return [...intents];
  });
  if (!('ended' in committed)) await reach('intents-committed', id);
  return committed;
}

async function auditIntents(tx: Executor, { id, userId }: EnrollmentRow, intents: readonly Intent[], key: SealedKey): Promise<void> {
  const detail = {
    serials: byKind(intents, ({ serial }) => serial),
    issuers: byKind(intents, ({ issuerId }) => issuerId),
    keyTypes: byKind(intents, ({ keyType }) => keyType),
    lint: intents.every(({ lint }) => lint === 'clean') ? 'clean' : 'findings',
    sdkSpkiSha256: key.spkiSha256,
    sealedSha256: key.sealedSha256,
    deliveryKid: key.deliveryKid,
  };
  await appendAudit(tx, { actor: 'issuance', action: 'credentials.intend', enrollmentId: id, userId, outcome: 'committed', detail });
}

function byKind<Item extends { kind: CredentialKind }, Value>(items: readonly Item[], of: (item: Item) => Value): Record<string, Value> {
  return Object.fromEntries(items.map((item) => [item.kind, of(item)]));
}

/** Which CA key is about to sign what. */
export interface SigningKey {
  kind: CredentialKind;
  serial: SerialHex;
  /** Subject key identifier of the issuer, hex. */
  issuerKeyId: string;
}

/**
 * From here on a signature may exist: if the enrollment ends now, the serials go onto the CRL. May be repeated; every time is audited,
 * because every time the CA keys are used.
 */
export async function markSigning(db: Database, id: EnrollmentId, keys: readonly SigningKey[]): Promise<Fenced | undefined> {
  const fence = await inTransaction<Fenced | undefined>(db, async (tx) => {
    const enrollment = await lockEnrollment(tx, id);
    if (enrollment?.state !== 'issuing') return fenced(enrollment);
    await refuseBlocked(tx, id);
    const marked = await tx.$executeRaw`
      UPDATE credential_intent SET signing_started_at = clock_timestamp()
      WHERE enrollment_id = ${id}::uuid AND status = 'open' AND signing_started_at IS NULL`;
    await appendAudit(tx, {
      actor: 'issuance',
      action: 'credentials.sign',
      enrollmentId: id,
      userId: enrollment.userId,
      outcome: marked > 0 ? 'marked' : 'marked before',
      detail: { serials: byKind(keys, ({ serial }) => serial), key: byKind(keys, ({ issuerKeyId }) => `issuer/${issuerKeyId}`) },
    });
    return undefined;
  });
  if (fence === undefined) await reach('signing-marked', id);
  return fence;
}

/** The last look before a signature can exist; an earlier one may be seconds old. */
async function refuseBlocked(tx: Executor, id: EnrollmentId): Promise<void> {
  const found = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM credential_intent i JOIN blocked_key b ON b.spki_sha256 = encode(sha256(i.spki), 'hex') WHERE i.enrollment_id = ${id}::uuid LIMIT 1`;
  if (found.length > 0) throw new ServiceError('issuing_refused', 'A key of this enrollment is on the block list: key_blocked.');
}

/** Issuing was refused for good. May be repeated; nothing but the audit row is written. */
export async function auditRefusal(db: Database, { id, userId }: EnrollmentRow, code: string, reason: string): Promise<void> {
  const detail = { reason };
  await inDatabase(() =>
    appendAudit(db, { actor: 'issuance', action: 'credentials.refuse', enrollmentId: id, userId, outcome: code, detail }),
  );
}

/** Stores both certificates as `pending` and moves the enrollment to `awaiting-ack`. May be repeated. */
export async function storeCertificates(db: Database, id: EnrollmentId, issued: readonly IssuedCertificate[]): Promise<Fenced | undefined> {
  const fence = await inTransaction<Fenced | undefined>(db, async (tx) => {
    const enrollment = await lockEnrollment(tx, id);
    if (enrollment?.state !== 'issuing') return fenced(enrollment);
    const { clientId, userId, deviceId, tokenId } = enrollment;
    for (const { kind, serial, issuerId, der, sha256 } of issued) {
      const where = { enrollmentId_kind: { enrollmentId: id, kind }, status: 'open', serial };
      const { keyType, notBefore, notAfter } = await tx.credentialIntent.update({ where, data: { status: 'issued' } });
      await tx.certificate.createMany({
        data: [
          { serial, enrollmentId: id, kind, issuerId, clientId, userId, deviceId, tokenId, keyType, der, sha256, notBefore, notAfter },
        ],
      });
    }
    await tx.$executeRaw`
      UPDATE enrollment SET state = 'awaiting-ack', state_since = clock_timestamp(),
        stage_deadline = LEAST(clock_timestamp() + make_interval(secs => ack_seconds), expires_at)
      WHERE id = ${id}::uuid AND state = 'issuing'`;
    const serials = byKind(issued, ({ serial }) => serial);
    const sha256 = byKind(issued, ({ sha256 }) => sha256);
    const issuers = byKind(issued, ({ issuerId }) => issuerId);
    await appendAudit(tx, {
      actor: 'issuance',
      action: 'credentials.issue',
      enrollmentId: id,
      userId,
      outcome: 'awaiting-ack',
      detail: { serials, sha256, issuers },
    });
    await reach('certificates-storing', id);
    return undefined;
  });
  if (fence === undefined) await reach('certificates-stored', id);
  return fence;
}

function fenced(enrollment: EnrollmentRow | undefined): Fenced {
  if (enrollment === undefined) throw new Error('no such enrollment');
  return { ended: enrollment.state, ...(enrollment.code === undefined ? {} : { code: enrollment.code }) };
}

function toIntent(row: CredentialIntent): Intent {
  return {
    kind: oneOf(CREDENTIAL_KINDS, row.kind),
    serial: toSerialHex(row.serial),
    issuerId: oneOf(['issuing-rsa', 'issuing-ec'], row.issuerId),
    profile: row.profile,
    keyType: oneOf(KEY_TYPES, row.keyType),
    spki: row.spki,
    tbs: row.tbs,
    notBefore: row.notBefore,
    notAfter: row.notAfter,
    lint: row.lint,
  };
}
