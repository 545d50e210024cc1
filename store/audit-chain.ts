import { type Executor, inDatabase } from './database.ts';

/** One place of the chain with its audit row; without `row` the row is missing. Hashes in hex, ids as decimal text. */
export interface ChainEntryRow {
  seq: number;
  auditId: string;
  hash: string;
  row?: AuditRow;
}

export interface AuditRow {
  id: string;
  /** JSON time. */
  at: string;
  actor: string;
  action: string;
  enrollmentId: string | null;
  userId: string | null;
  outcome: string;
  /** PostgreSQL's text of the stored jsonb: what was hashed. */
  detail: string;
}

export interface ChainEnd {
  seq: number;
  hash: string;
}

const BATCH = 1_000;

/** The end of the chain, as the last audited transaction left it. */
export async function readAuditHead(db: Executor): Promise<ChainEnd> {
  const [row] = await inDatabase(() => db.$queryRaw<{ seq: bigint; hash: Uint8Array }[]>`SELECT seq, hash FROM audit_head`);
  if (row === undefined)
    throw new Error('The head of the audit chain is missing: the migrations were not applied, or its row was removed.');
  return { seq: Number(row.seq), hash: hex(row.hash) };
}

/** One place of the chain; undefined when it is not there. */
export async function readAuditPlace(db: Executor, seq: number): Promise<ChainEnd | undefined> {
  const [row] = await inDatabase(() => db.$queryRaw<{ hash: Uint8Array }[]>`SELECT hash FROM audit_link WHERE seq = ${seq}`);
  return row === undefined ? undefined : { seq, hash: hex(row.hash) };
}

/** The places after `after` up to `through`, in order, in batches; nothing is held but one batch. */
export async function* readAuditChain(db: Executor, after: number, through: number): AsyncGenerator<ChainEntryRow[], void> {
  for (let last = after; last < through; ) {
    const batch = await readBatch(db, last, through);
    if (batch.length === 0) return;
    yield batch;
    last = batch.at(-1)?.seq ?? through;
  }
}

/** Audit rows that have no place in the chain: nobody who went through the database's own trigger wrote them. */
export async function readUnchained(db: Executor, most = 10): Promise<{ id: string; at: string; action: string }[]> {
  const rows = await inDatabase(
    () => db.$queryRaw<{ id: bigint; at: Date; action: string }[]>`
      SELECT a.id, a.at, a.action FROM audit a WHERE NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.audit_id = a.id) ORDER BY a.id LIMIT ${most}`,
  );
  return rows.map(({ id, at, action }) => ({ id: String(id), at: at.toISOString(), action }));
}

/** Whether the chain after the dropped checkpoint at `seq` tells of its dropping, as `audit_drop` always does. */
export async function isDropTold(db: Executor, seq: number): Promise<boolean> {
  const rows = await inDatabase(
    () => db.$queryRaw<unknown[]>`
      SELECT 1 FROM audit a JOIN audit_link l ON l.audit_id = a.id
      WHERE l.seq > ${seq} AND a.action = 'audit.drop' AND a.detail->>'through' = ${String(seq)} LIMIT 1`,
  );
  return rows.length > 0;
}

interface Joined extends Omit<AuditRow, 'id' | 'at'> {
  seq: bigint;
  auditId: bigint;
  hash: Uint8Array;
  id: bigint | null;
  at: Date;
}

async function readBatch(db: Executor, after: number, through: number): Promise<ChainEntryRow[]> {
  const rows = await inDatabase(
    () => db.$queryRaw<Joined[]>`
      SELECT l.seq, l.audit_id AS "auditId", l.hash, a.id, a.at, a.actor, a.action, a.enrollment_id AS "enrollmentId", a.user_id AS "userId",
        a.outcome, a.detail::text AS detail
      FROM audit_link l LEFT JOIN audit a ON a.id = l.audit_id WHERE l.seq > ${after} AND l.seq <= ${through} ORDER BY l.seq LIMIT ${BATCH}`,
  );
  return rows.map(toEntry);
}

function toEntry({ seq, auditId, hash, id, at, ...content }: Joined): ChainEntryRow {
  const place = { seq: Number(seq), auditId: String(auditId), hash: hex(hash) };
  return id === null ? place : { ...place, row: { ...content, id: String(id), at: at.toISOString() } };
}

export function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
