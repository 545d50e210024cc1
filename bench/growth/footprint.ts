import type pg from 'pg';

/** Rows and octets of the tables that grow, compacted: with indexes and long values, without what VACUUM gives back. */
export interface Footprint {
  /** What hangs on enrollments and can go. */
  enrollments: Amount;
  /** Claims of keys and digests of SDK keys, which stay. */
  keys: Amount;
  /** The audit, which is exported and dropped in segments. */
  audit: Amount;
}

export interface Amount {
  rows: number;
  octets: number;
}

const TABLES: Readonly<Record<keyof Footprint, readonly string[]>> = {
  enrollments: ['enrollment', 'pin_attempt', 'csr_submission', 'credential_intent', 'certificate', 'delivery', 'revocation', 'device'],
  keys: ['key_claim', 'retired_sdk_key'],
  audit: ['audit', 'audit_link'],
};

/** What there is more than in `empty`. */
export async function footprint(client: pg.Client, empty?: Footprint): Promise<Footprint> {
  await client.query('VACUUM FULL');
  const amount = async (part: keyof Footprint) => less(await amountOf(client, TABLES[part]), empty?.[part]);
  return { enrollments: await amount('enrollments'), keys: await amount('keys'), audit: await amount('audit') };
}

async function amountOf(client: pg.Client, tables: readonly string[]): Promise<Amount> {
  const counted = tables.map((table) => `SELECT count(*) AS rows, pg_total_relation_size('${table}') AS octets FROM ${table}`);
  const { rows } = await client.query<{ rows: string; octets: string }>(
    `SELECT sum(rows) AS rows, sum(octets) AS octets FROM (${counted.join(' UNION ALL ')}) counted`,
  );
  return { rows: Number(rows[0]?.rows ?? 0), octets: Number(rows[0]?.octets ?? 0) };
}

function less({ rows, octets }: Amount, empty: Amount = { rows: 0, octets: 0 }): Amount {
  return { rows: rows - empty.rows, octets: octets - empty.octets };
}
