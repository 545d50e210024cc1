import { appendAudit } from './audit.ts';
import { type ChainEnd, hex, readAuditHead, readAuditPlace } from './audit-chain.ts';
import { type Database, databaseTime, type Executor, inDatabase, inTransaction } from './database.ts';
import type { AuditCheckpoint } from './generated/client.ts';
import { tryLockCheckpoints } from './locks.ts';

export interface CheckpointRow extends ChainEnd {
  /** JSON time. */
  at: string;
  kid: string;
  jws: string;
  dropped: boolean;
}

export interface CheckpointRule {
  /** So many rows after the last checkpoint make one due. */
  everyRows: number;
  /** A row that is so old and in no checkpoint makes one due. */
  everySeconds: number;
}

/** What is to be signed: the chain from the last checkpoint (or the genesis) up to `end`. */
export interface CheckpointJob {
  last: CheckpointRow | undefined;
  end: ChainEnd;
  at: string;
}

/**
 * Signs a checkpoint when one is due; one process at a time. `sign` must itself follow the chain from the last checkpoint and throw when it
 * does not hold: what is signed is what the signer saw. Undefined: nothing was due, or another process is at it. May be repeated.
 */
export async function writeCheckpoint(
  db: Database,
  rule: CheckpointRule,
  sign: (tx: Executor, job: CheckpointJob) => Promise<{ kid: string; jws: string }>,
): Promise<CheckpointRow | undefined> {
  return inTransaction(db, async (tx) => {
    if (!(await tryLockCheckpoints(tx))) return undefined;
    const last = await readLastCheckpoint(tx);
    const after = last?.seq ?? 0;
    const head = await readAuditHead(tx);
    if (!(await isDue(tx, after, head.seq, rule))) return undefined;
    // A backlog is signed piece by piece: each turn stays within the time of one transaction.
    const end = head.seq - after > rule.everyRows ? await readAuditPlace(tx, after + rule.everyRows) : head;
    if (end === undefined) throw new Error(`place ${after + rule.everyRows} of the audit chain is missing`);
    const at = (await databaseTime(tx)).toISOString();
    const signed = await sign(tx, { last, end, at });
    await insert(tx, end, at, signed);
    return { ...end, at, ...signed, dropped: false };
  });
}

/** The row that a checkpoint itself writes makes no other one due: an idle service writes nothing. */
async function isDue(tx: Executor, after: number, head: number, { everyRows, everySeconds }: CheckpointRule): Promise<boolean> {
  if (head - after > everyRows) return true;
  const [oldest] = await tx.$queryRaw<{ due: boolean }[]>`
    SELECT a.at <= clock_timestamp() - make_interval(secs => ${everySeconds}) AS due
    FROM audit_link l JOIN audit a ON a.id = l.audit_id WHERE l.seq > ${after} AND a.action <> 'audit.checkpoint' ORDER BY l.seq LIMIT 1`;
  return oldest?.due === true;
}

async function insert(tx: Executor, { seq, hash }: ChainEnd, at: string, { kid, jws }: { kid: string; jws: string }): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO audit_checkpoint (seq, hash, at, kid, jws) VALUES (${seq}, ${Buffer.from(hash, 'hex')}, ${at}::timestamptz, ${kid}, ${jws})`;
  const detail = { seq, hash, key: `evidence/${kid}` };
  await appendAudit(tx, { actor: 'enrollment-worker', action: 'audit.checkpoint', outcome: 'signed', detail });
}

/** All checkpoints in order of place, those of dropped rows included. */
export async function readCheckpoints(db: Executor): Promise<CheckpointRow[]> {
  return (await inDatabase(() => db.auditCheckpoint.findMany({ orderBy: { seq: 'asc' } }))).map(toCheckpoint);
}

/** Undefined before the first. */
export async function readLastCheckpoint(db: Executor): Promise<CheckpointRow | undefined> {
  const last = await inDatabase(() => db.auditCheckpoint.findFirst({ orderBy: { seq: 'desc' } }));
  return last === null ? undefined : toCheckpoint(last);
}

function toCheckpoint({ seq, hash, at, kid, jws, droppedAt }: AuditCheckpoint): CheckpointRow {
  return { seq: Number(seq), hash: hex(hash), at: at.toISOString(), kid, jws, dropped: droppedAt !== null };
}
