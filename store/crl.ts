import { type SerialHex, toSerialHex } from '../contract/ids.ts';
import type { IssuerId, IssuingCaId } from '../contract/key-types.ts';
import { reach } from '../faults/reach.ts';
import { auditCrl } from './audit-crl.ts';
import { type Database, databaseTime, type Executor, inTransaction } from './database.ts';

type Octets = Uint8Array<ArrayBuffer>;

export interface RevokedSerial {
  serial: SerialHex;
  revokedAt: Date;
  reason: string;
}

export interface CrlJob {
  number: bigint;
  now: Date;
  revoked: RevokedSerial[];
}

export interface SignedCrl {
  der: Octets;
  thisUpdate: Date;
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
    const signed = await sign({ number, now, revoked });
    await reach('crl-signed', issuerId);
    // Not `update`, which would read the whole CRL back.
    await tx.issuer.updateMany({
      where: { id: issuerId },
      data: { crl: signed.der, crlNumber: number, thisUpdate: signed.thisUpdate, nextUpdate: signed.nextUpdate, crlDueAt: null },
    });
    await auditCrl(tx, 'crl.sign', { issuerId, number, entries: revoked.length, ...signed });
    return true;
  });
  if (renewed) await reach('crl-stored', issuerId);
  return renewed;
}

/** Entries stay until one CRL after the certificate would have expired (RFC 5280 §3.3). */
async function revokedBy(tx: Executor, issuerId: IssuerId, now: Date): Promise<RevokedSerial[]> {
  const grace = new Date(now.getTime() - 48 * 3_600_000);
  const rows = await tx.revocation.findMany({ where: { issuerId, notAfter: { gt: grace } }, orderBy: { serial: 'asc' } });
  return rows.map(({ serial, revokedAt, reason }) => ({ serial: toSerialHex(serial), revokedAt, reason }));
}
