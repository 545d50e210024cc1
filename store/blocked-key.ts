import { createHash, createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type Database, type Executor, inDatabase, inTransaction } from './database.ts';
import { readEvidenceKeys } from './evidence-keys.ts';

export interface BlockedKey {
  /** SHA-256 of the SubjectPublicKeyInfo, 64 hex digits. */
  spkiSha256: string;
  reason: string;
  /** `operator:<name>`, or `revocation`. */
  blockedBy: string;
  blockedAt: Date;
}

/** A certificate in use whose key is on the list: it is not revoked by that. */
export interface AffectedCertificate {
  serial: string;
  issuerId: string;
  enrollmentId: string;
  status: string;
}

export interface Blocking {
  /** False: it was on the list before, and stays as it was. */
  added: boolean;
  affected: AffectedCertificate[];
}

/**
 * Puts a public key on the block list, for ever: it is never accepted in a CSR again, and an enrollment that is issuing for it fails.
 * A trigger writes the audit row. May be repeated: the first entry stays. Source: ADR 28.
 */
export async function blockKey(db: Database, { spkiSha256, reason, blockedBy }: Omit<BlockedKey, 'blockedAt'>): Promise<Blocking> {
  return inTransaction(db, async (tx) => {
    const written = await tx.$executeRaw`
      INSERT INTO blocked_key (spki_sha256, reason, blocked_by) VALUES (${spkiSha256}, ${reason}, ${blockedBy}) ON CONFLICT DO NOTHING`;
    const affected = await tx.$queryRaw<AffectedCertificate[]>`
      SELECT c.serial, c.issuer_id AS "issuerId", c.enrollment_id::text AS "enrollmentId", c.status
      FROM credential_intent i JOIN certificate c ON c.serial = i.serial
      WHERE sha256(i.spki) = decode(${spkiSha256}, 'hex') AND c.status <> 'revoked' ORDER BY c.serial`;
    return { added: written > 0, affected };
  });
}

/** The whole list, newest first. */
export async function listBlockedKeys(db: Executor): Promise<BlockedKey[]> {
  return inDatabase(() => db.blockedKey.findMany({ orderBy: [{ blockedAt: 'desc' }, { spkiSha256: 'asc' }] }));
}

export async function isBlocked(db: Executor, spkiSha256: string): Promise<boolean> {
  const row = await inDatabase(() => db.blockedKey.findUnique({ where: { spkiSha256 }, select: { spkiSha256: true } }));
  return row !== null;
}

/** Why a key may be in no CSR, whoever sends it; undefined when nothing speaks against it. */
export async function keyBarredAs(tx: Executor, spkiSha256: string): Promise<'key_is_ours' | 'key_blocked' | undefined> {
  if ((await isOfService(tx, spkiSha256)) || (await isSdkKey(tx, spkiSha256))) return 'key_is_ours';
  return (await isBlocked(tx, spkiSha256)) ? 'key_blocked' : undefined;
}

/** The keys of the CAs and of the receipts: a handful, and Node writes their SPKI in the one encoding that the gate accepts. */
async function isOfService(tx: Executor, spkiSha256: string): Promise<boolean> {
  const issuers = await tx.issuer.findMany({ select: { certificate: true } });
  const evidence = (await readEvidenceKeys(tx)).flatMap(publicKeyOf);
  const keys = [...issuers.map(({ certificate }) => new X509Certificate(certificate).publicKey), ...evidence];
  return keys.some(
    (key) =>
      createHash('sha256')
        .update(key.export({ type: 'spki', format: 'der' }))
        .digest('hex') === spkiSha256,
  );
}

/** A row that is no key is nobody's key. */
function publicKeyOf(jwk: unknown): KeyObject[] {
  try {
    return isJwk(jwk) ? [createPublicKey({ key: jwk, format: 'jwk' })] : [];
  } catch {
    return [];
  }
}

/** Whether this service made the key for some device. */
export async function isSdkKey(tx: Executor, spkiSha256: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM credential_intent WHERE kind = 'sdk' AND sha256(spki) = decode(${spkiSha256}, 'hex')
    UNION ALL SELECT 1 FROM retired_sdk_key WHERE spki_sha256 = decode(${spkiSha256}, 'hex') LIMIT 1`;
  return rows.length > 0;
}

function isJwk(value: unknown): value is JsonWebKey {
  return typeof value === 'object' && value !== null && 'kty' in value;
}
