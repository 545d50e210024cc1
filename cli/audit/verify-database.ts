import { type ChainPlace, readCheckpoint } from '../../core/evidence/audit-checkpoint.ts';
import type { AuditFinding, AuditVerdict } from '../../core/evidence/audit-finding.ts';
import { AUDIT_GENESIS } from '../../core/evidence/audit-hash.ts';
import type { EvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { rewritten, truncated, verifyAudit } from '../../core/evidence/verify-audit.ts';
import { isDropTold, readAuditChain, readAuditHead, readAuditPlace, readUnchained } from '../../store/audit-chain.ts';
import { type CheckpointRow, readCheckpoints } from '../../store/audit-checkpoint.ts';
import { type Database, type Executor, inSnapshot } from '../../store/database.ts';

/**
 * Follows the chain in the database from its genesis, or from the last dropped checkpoint, to its end, and names the first thing that is
 * wrong. `kept` is a head that was printed before and kept elsewhere: only against it shows a truncation that took head and checkpoints
 * along. Reads one snapshot: what is written meanwhile is left for the next time.
 */
export function verifyDatabase(db: Database, keys: readonly EvidenceJwk[], kept?: ChainPlace): Promise<AuditVerdict> {
  return inSnapshot(db, (tx) => verify(tx, keys, kept));
}

async function verify(tx: Executor, keys: readonly EvidenceJwk[], kept: ChainPlace | undefined): Promise<AuditVerdict> {
  const checkpoints = await readCheckpoints(tx);
  const floor = checkpoints.findLast(({ dropped }) => dropped);
  const bad = floor === undefined ? undefined : await floorFinding(floor, keys);
  if (bad !== undefined) return { ok: false, finding: bad };
  const start = floor === undefined ? { seq: 0, hash: AUDIT_GENESIS } : { seq: floor.seq, hash: floor.hash };
  const open = checkpoints.filter(({ seq }) => seq > start.seq);
  const verdict = await verifyAudit({ start, entries: readAuditChain(tx, start.seq, Number.MAX_SAFE_INTEGER), checkpoints: open, keys });
  if (!verdict.ok) return { ok: false, finding: await withRow(tx, verdict.finding) };
  const finding =
    (await untoldDrop(tx, floor)) ?? (await besideTheChain(tx, verdict)) ?? (await againstKept(tx, verdict, checkpoints, kept));
  return finding === undefined ? verdict : { ok: false, finding };
}

/** The chain begins at the checkpoint up to which was dropped: its signature is all that vouches for what came before. */
async function floorFinding({ seq, hash, jws }: CheckpointRow, keys: readonly EvidenceJwk[]): Promise<AuditFinding | undefined> {
  const signed = await readCheckpoint(jws, keys);
  if (signed.ok && signed.claims.seq === seq && signed.claims.hash === hash) return undefined;
  const why = signed.ok ? 'what is stored beside it is not what was signed.' : signed.reason;
  return { kind: 'checkpoint', seq, what: `The checkpoint at place ${seq}, up to which rows were dropped, does not hold: ${why}` };
}

/** Retention drops through `audit_drop`, which leaves a row behind; a checkpoint that was marked by hand has none. */
async function untoldDrop(tx: Executor, floor: CheckpointRow | undefined): Promise<AuditFinding | undefined> {
  if (floor === undefined || (await isDropTold(tx, floor.seq))) return undefined;
  const what = `The rows up to place ${floor.seq} are gone, and no audit.drop row after it tells who dropped them: they were removed by hand.`;
  return { kind: 'removed', seq: floor.seq, what };
}

/** A place is gone and its row still there: then the row has a name. */
async function withRow(tx: Executor, finding: AuditFinding): Promise<AuditFinding> {
  const [left] = finding.kind === 'removed' && finding.id === undefined ? await readUnchained(tx, 1) : [];
  return left === undefined
    ? finding
    : { ...finding, id: left.id, what: `${finding.what} The audit row ${left.id} has no place any more.` };
}

type Followed = Extract<AuditVerdict, { ok: true }>;

async function besideTheChain(tx: Executor, { through, hash }: Followed): Promise<AuditFinding | undefined> {
  const head = await readAuditHead(tx);
  if (through < head.seq) return truncated({ seq: through, hash }, head.seq, 'its head stands');
  if (through > head.seq)
    return { kind: 'inserted', seq: head.seq + 1, what: `Places after the head (${head.seq}) were added past the trigger.` };
  if (hash !== head.hash) return { kind: 'hash-altered', seq: head.seq, what: 'The hash of the head is not that of the last place.' };
  const [stray] = await readUnchained(tx, 1);
  if (stray === undefined) return undefined;
  const what = `The audit row ${stray.id} (${stray.action}, ${stray.at}) has no place in the chain: it was inserted past the trigger.`;
  return { kind: 'inserted', seq: through, id: stray.id, what };
}

async function againstKept(
  tx: Executor,
  { from, through, hash }: Followed,
  checkpoints: readonly CheckpointRow[],
  kept: ChainPlace | undefined,
): Promise<AuditFinding | undefined> {
  if (kept === undefined) return undefined;
  if (kept.seq > through) return truncated({ seq: through, hash }, kept.seq, 'a head was kept elsewhere');
  const found = kept.seq === 0 ? { hash: AUDIT_GENESIS } : await placeOf(tx, kept.seq, from, checkpoints);
  if (found === undefined)
    throw new Error(`Place ${kept.seq} was dropped with its segment: verify that file with --file and --head instead.`);
  return found.hash === kept.hash ? undefined : rewritten(from - 1, kept.seq, 'the head that was kept elsewhere has');
}

async function placeOf(
  tx: Executor,
  seq: number,
  from: number,
  checkpoints: readonly CheckpointRow[],
): Promise<{ hash: string } | undefined> {
  return seq >= from ? readAuditPlace(tx, seq) : checkpoints.find((one) => one.seq === seq);
}
