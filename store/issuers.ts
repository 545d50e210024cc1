import { createHash } from 'node:crypto';
import { ISSUER_IDS, type IssuerId } from '../contract/key-types.ts';
import { appendAudit } from './audit.ts';
import { type Database, type Executor, inDatabase, inTransaction } from './database.ts';
import { oneOf } from './enrollment-row.ts';

type Octets = Uint8Array<ArrayBuffer>;

/** The CA certificates that are known, DER. They never change under their id. */
export async function readCaCertificates(db: Executor): Promise<ReadonlyMap<IssuerId, Octets>> {
  const rows = await inDatabase(() => db.issuer.findMany({ select: { id: true, certificate: true } }));
  return new Map(rows.map(({ id, certificate }) => [oneOf(ISSUER_IDS, id), certificate]));
}

/** How an issuer's CRL stands; the CRL itself, which may be large, is not read. */
export interface CrlStanding {
  readonly id: IssuerId;
  /** Undefined before the first CRL. */
  readonly nextUpdate: Date | undefined;
  /** Since when revocations wait for the next CRL. */
  readonly dueSince: Date | undefined;
}

export async function readCrlStandings(db: Executor): Promise<CrlStanding[]> {
  const select = { id: true, nextUpdate: true, crlDueAt: true } as const;
  const rows = await inDatabase(() => db.issuer.findMany({ select, orderBy: { id: 'asc' } }));
  return rows.map(({ id, nextUpdate, crlDueAt }) => ({
    id: oneOf(ISSUER_IDS, id),
    nextUpdate: nextUpdate ?? undefined,
    dueSince: crlDueAt ?? undefined,
  }));
}

/** Makes an issuer's certificate known. May be repeated; another certificate under the same id is refused. */
export async function registerIssuer(db: Database, id: IssuerId, certificate: Octets): Promise<void> {
  await inTransaction(db, async (tx) => {
    const { count } = await tx.issuer.createMany({ data: [{ id, certificate }], skipDuplicates: true });
    const detail = { issuer: id, sha256: createHash('sha256').update(certificate).digest('hex') };
    if (count > 0) await appendAudit(tx, { actor: 'issuance', action: 'issuer.register', outcome: 'registered', detail });
    const stored = await tx.issuer.findUniqueOrThrow({ where: { id }, select: { certificate: true } });
    if (!Buffer.from(stored.certificate).equals(Buffer.from(certificate))) {
      throw new Error(`The database knows another certificate as issuer ${id}: this database belongs to another hierarchy.`);
    }
  });
}
