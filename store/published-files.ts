import { ISSUER_IDS, type IssuerId } from '../contract/key-types.ts';
import { type Executor, inDatabase } from './database.ts';
import { oneOf } from './enrollment-row.ts';

type Octets = Uint8Array<ArrayBuffer>;

/** Which CRL of an issuer is the present one, without the CRL. */
export interface CrlVersion {
  readonly id: IssuerId;
  /** Another text for every other CRL, also after the database was set back. */
  readonly version: string;
}

export interface CrlVersions {
  /** The database's clock. */
  readonly now: Date;
  readonly versions: readonly CrlVersion[];
}

/** One statement over one small row an issuer: what is asked every second. */
export async function readCrlVersions(db: Executor): Promise<CrlVersions> {
  const rows = await inDatabase(
    () => db.$queryRaw<{ id: string; version: string; now: Date }[]>`
      SELECT id, concat_ws(' ', crl_number, this_update, crl_modified_at) AS version, clock_timestamp() AS now FROM issuer`,
  );
  return {
    now: rows[0]?.now ?? new Date(0),
    versions: rows.map(({ id, version }) => ({ id: oneOf(ISSUER_IDS, id), version })),
  };
}

/** What is published of an issuer. */
export interface PublishedIssuer {
  readonly id: IssuerId;
  readonly certificate: Octets;
  readonly crl?: PublishedCrl;
}

export interface PublishedCrl {
  readonly der: Octets;
  readonly nextUpdate: Date;
  /** Whole seconds, another one for every change; undefined when an older version stored the CRL. */
  readonly modifiedAt: Date | undefined;
}

/** The row of one issuer, with certificate and CRL. */
export async function readPublishedIssuer(db: Executor, id: IssuerId): Promise<PublishedIssuer | undefined> {
  const select = { certificate: true, crl: true, nextUpdate: true, crlModifiedAt: true } as const;
  const row = await inDatabase(() => db.issuer.findUnique({ where: { id }, select }));
  if (row === null) return undefined;
  const { certificate, crl, nextUpdate, crlModifiedAt } = row;
  if (crl === null || nextUpdate === null) return { id, certificate };
  return { id, certificate, crl: { der: crl, nextUpdate, modifiedAt: crlModifiedAt ?? undefined } };
}
