import type { IssuerId } from '../contract/key-types.ts';
import { type Executor, inDatabase } from './database.ts';

type Octets = Uint8Array<ArrayBuffer>;

/** What is published of an issuer. */
export interface PublishedIssuer {
  readonly id: IssuerId;
  readonly certificate: Octets;
  readonly crl?: Octets;
}

export async function readPublishedIssuer(db: Executor, id: IssuerId): Promise<PublishedIssuer | undefined> {
  const row = await inDatabase(() => db.issuer.findUnique({ where: { id }, select: { certificate: true, crl: true } }));
  return row === null ? undefined : { id, certificate: row.certificate, ...(row.crl === null ? {} : { crl: row.crl }) };
}
