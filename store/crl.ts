import { createHash } from 'node:crypto';
import { type SerialHex, toSerialHex } from '../contract/ids.ts';
import { ISSUER_IDS, type IssuerId, type IssuingCaId } from '../contract/key-types.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inDatabase, inTransaction } from './database.ts';
import { oneOf } from './enrollment-row.ts';

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
    await tx.issuer.update({
      where: { id: issuerId },
      data: { crl: signed.der, crlNumber: number, thisUpdate: signed.thisUpdate, nextUpdate: signed.nextUpdate, crlDueAt: null },
    });
    await auditCrl(tx, 'issuance', 'crl.sign', issuerId, number, signed, revoked.length);
    return true;
  });
  if (renewed) await reach('crl-stored', issuerId);
  return renewed;
}

async function auditCrl(
  tx: Executor,
  actor: string,
  action: 'crl.sign' | 'crl.import',
  issuerId: IssuerId,
  number: bigint,
  { der, nextUpdate, issuerKeyId }: SignedCrl,
  entries?: number,
): Promise<void> {
  const detail = {
    issuer: issuerId,
    number: String(number),
    sha256: createHash('sha256').update(der).digest('hex'),
    nextUpdate: nextUpdate.toISOString(),
    ...(entries === undefined ? {} : { entries }),
    ...(issuerKeyId === undefined ? {} : { key: `issuer/${issuerKeyId}` }),
  };
  await appendAudit(tx, { actor, action, outcome: action === 'crl.sign' ? 'signed' : 'taken over', detail });
}

/** Entries stay until one CRL after the certificate would have expired (RFC 5280 §3.3). */
async function revokedBy(tx: Executor, issuerId: IssuerId, now: Date): Promise<RevokedSerial[]> {
  const grace = new Date(now.getTime() - 48 * 3_600_000);
  const rows = await tx.revocation.findMany({ where: { issuerId, notAfter: { gt: grace } }, orderBy: { serial: 'asc' } });
  return rows.map(({ serial, revokedAt, reason }) => ({ serial: toSerialHex(serial), revokedAt, reason }));
}

export interface IssuerRow {
  id: IssuerId;
  certificate: Octets;
  crl?: Octets;
  nextUpdate?: Date;
}

export async function readIssuers(db: Executor): Promise<IssuerRow[]> {
  const rows = await inDatabase(() => db.issuer.findMany({ orderBy: { id: 'asc' } }));
  return rows.map(({ id, certificate, crl, nextUpdate }) => ({
    id: oneOf(ISSUER_IDS, id),
    certificate,
    ...(crl === null ? {} : { crl }),
    ...(nextUpdate === null ? {} : { nextUpdate }),
  }));
}

export async function readIssuer(db: Executor, id: IssuerId): Promise<IssuerRow | undefined> {
  return (await readIssuers(db)).find((issuer) => issuer.id === id);
}

/** Makes an issuer's certificate known. May be repeated; another certificate under the same id is refused. */
export async function registerIssuer(db: Database, id: IssuerId, certificate: Octets): Promise<void> {
  await inTransaction(db, async (tx) => {
    const { count } = await tx.issuer.createMany({ data: [{ id, certificate }], skipDuplicates: true });
    const detail = { issuer: id, sha256: createHash('sha256').update(certificate).digest('hex') };
    if (count > 0) await appendAudit(tx, { actor: 'issuance', action: 'issuer.register', outcome: 'registered', detail });
    const stored = await tx.issuer.findUniqueOrThrow({ where: { id } });
    if (!Buffer.from(stored.certificate).equals(Buffer.from(certificate))) {
      throw new Error(`The database knows another certificate as issuer ${id}: this database belongs to another hierarchy.`);
    }
  });
}

/** Takes over a CRL that was signed elsewhere (the root's), unless the one stored is as new. May be repeated. */
export async function importCrl(db: Database, id: IssuerId, number: bigint, crl: SignedCrl): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const { count } = await tx.issuer.updateMany({
      where: { id, OR: [{ crl: null }, { crlNumber: { lt: number } }] },
      data: { crl: crl.der, crlNumber: number, thisUpdate: crl.thisUpdate, nextUpdate: crl.nextUpdate },
    });
    if (count > 0) await auditCrl(tx, 'issuance', 'crl.import', id, number, crl);
    return count > 0;
  });
}
