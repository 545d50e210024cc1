import { type SerialHex, toSerialHex } from '../contract/ids.ts';
import type { IssuerId, IssuingCaId } from '../contract/key-types.ts';
import { reach } from '../faults/reach.ts';
import { auditCrl } from './audit-crl.ts';
import { type Database, databaseTime, type Executor, inTransaction } from './database.ts';

type Octets = Uint8Array<ArrayBuffer>;

export interface RevokedSerial {
  serial: SerialHex;
  /** The true instant. */
  revokedAt: Date;
  /** Of the certificate; undefined when nothing is known of it. */
  notBefore: Date | undefined;
  reason: string;
}

export interface CrlJob {
  number: bigint;
  now: Date;
  /** The CRL that this one replaces, DER; undefined before the first one. */
  before: Octets | undefined;
  revoked: RevokedSerial[];
}

export interface SignedCrl {
  der: Octets;
  /** The true instant, which age and retention count from; thisUpdate in the bytes is back-dated. */
  signedAt: Date;
  nextUpdate: Date;
  /** Subject key identifier of the issuer whose key signed, hex. */
  issuerKeyId?: string;
}

/**
 * Makes a new CRL of an issuer when one is due or the present one is older than `maxAgeSeconds`. The issuer row is locked, which
 * orders the revocations and gives the CRL number. False: nothing was due. May be repeated.
 */
export async function renewCrl(
  db: Database,
  issuerId: IssuingCaId,
  maxAgeSeconds: number,
  sign: (job: CrlJob) => Promise<SignedCrl> | SignedCrl,
): Promise<boolean> {
  const renewed = await inTransaction<boolean>(db, async (tx) => {
    const [issuer] = await tx.$queryRaw<{ number: bigint; due: boolean }[]>`
      SELECT crl_number AS number,
        (crl IS NULL OR crl_due_at IS NOT NULL OR this_update < clock_timestamp() - make_interval(secs => ${maxAgeSeconds})) AS due
      FROM issuer WHERE id = ${issuerId} FOR UPDATE`;
    if (issuer === undefined || !issuer.due) return false;
    const now = await databaseTime(tx);
    const number = issuer.number + 1n;
    const revoked = await revokedBy(tx, issuerId, now);
    const signed = await sign({ number, now, revoked, before: await crlOf(tx, issuerId) });
    await reach('crl-signed', issuerId);
    // Not `update`, which would read the whole CRL back.
    await tx.issuer.updateMany({
      where: { id: issuerId },
      data: { crl: signed.der, crlNumber: number, thisUpdate: signed.signedAt, nextUpdate: signed.nextUpdate, crlDueAt: null },
    });
    await auditCrl(tx, 'crl.sign', { issuerId, number, entries: revoked.length, ...signed });
    return true;
  });
  if (renewed) await reach('crl-stored', issuerId);
  return renewed;
}

async function crlOf(tx: Executor, id: IssuerId): Promise<Octets | undefined> {
  const { crl } = await tx.issuer.findUniqueOrThrow({ where: { id }, select: { crl: true } });
  return crl ?? undefined;
}

type RevokedRow = Omit<RevokedSerial, 'serial' | 'notBefore'> & { serial: string; notBefore: Date | null };

/**
 * Entries stay until one CRL with a thisUpdate after notAfter has listed them (RFC 5280 §3.3), and
 * for 48 h at least. this_update is the moment of signing: thisUpdate is at most a day before it.
 */
async function revokedBy(tx: Executor, issuerId: IssuerId, now: Date): Promise<RevokedSerial[]> {
  const grace = new Date(now.getTime() - 48 * 3_600_000);
  const rows = await tx.$queryRaw<RevokedRow[]>`
    SELECT r.serial, r.revoked_at AS "revokedAt", r.reason, i.not_before AS "notBefore"
    FROM revocation r JOIN issuer s ON s.id = r.issuer_id LEFT JOIN credential_intent i ON i.serial = r.serial AND i.issuer_id = r.issuer_id
    WHERE r.issuer_id = ${issuerId} AND r.not_after > LEAST(${grace}::timestamptz, s.this_update - interval '1 day') ORDER BY r.serial`;
  return rows.map(({ serial, notBefore, ...row }) => ({ ...row, serial: toSerialHex(serial), notBefore: notBefore ?? undefined }));
}
