import type { IssuerId } from '../contract/key-types.ts';
import { auditCrl } from './audit-crl.ts';
import { type Database, inDatabase, inTransaction } from './database.ts';

type Octets = Uint8Array<ArrayBuffer>;

/** A CRL that was signed elsewhere and judged by the caller. */
export interface ForeignCrl {
  readonly number: bigint;
  readonly der: Octets;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly entries: number;
  readonly lacks?: readonly string[];
}

/** The CRL of an issuer, DER; undefined before the first one. */
export async function readStoredCrl(db: Database, id: IssuerId): Promise<Octets | undefined> {
  const row = await inDatabase(() => db.issuer.findUnique({ where: { id }, select: { crl: true } }));
  return row?.crl ?? undefined;
}

/**
 * Takes over a CRL (the root's) that was judged against `before`, the one stored then. False: another
 * one has been stored meanwhile, or a newer one is there; judge again. May be repeated.
 */
export async function importCrl(db: Database, issuerId: IssuerId, crl: ForeignCrl, before: Octets | undefined): Promise<boolean> {
  const { number, der, thisUpdate, nextUpdate } = crl;
  return inTransaction(db, async (tx) => {
    const stored = before === undefined ? { crl: null } : { crl: before, crlNumber: { lt: number } };
    const { count } = await tx.issuer.updateMany({
      where: { id: issuerId, ...stored },
      data: { crl: der, crlNumber: number, thisUpdate, nextUpdate },
    });
    if (count > 0) await auditCrl(tx, 'crl.import', { issuerId, ...crl });
    return count > 0;
  });
}
