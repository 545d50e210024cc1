import { type ChainPlace, readCheckpoint } from './audit-checkpoint.ts';
import type { AuditFinding, AuditVerdict } from './audit-finding.ts';
import { type ChainEntry, diagnose } from './diagnose-row.ts';
import type { EvidenceJwk } from './evidence-key.ts';

/** A checkpoint as it is stored beside its signature. */
export interface StoredCheckpoint extends ChainPlace {
  readonly kid: string;
  readonly jws: string;
}

export interface AuditEvidence {
  /** What comes before the first place: the genesis, or the last dropped checkpoint. */
  readonly start: ChainPlace;
  /** In order of place, in batches. */
  readonly entries: AsyncIterable<readonly ChainEntry[]>;
  /** Checkpoints after `start`, in order of place. */
  readonly checkpoints: readonly StoredCheckpoint[];
  readonly keys: readonly EvidenceJwk[];
}

/**
 * Follows the chain from its start and names the first place that was altered, removed or reordered, or where a signed checkpoint says
 * otherwise. What the end should be, and rows that have no place, the caller compares: they are outside the chain. Pure but for its input.
 */
export async function verifyAudit({ start, entries, checkpoints, keys }: AuditEvidence): Promise<AuditVerdict> {
  const walk: Walk = { place: start, closed: start, open: [...checkpoints], keys, passed: 0 };
  let earlier: readonly ChainEntry[] = [];
  for await (const { batch, following } of withFollowing(entries)) {
    const nearby = [...earlier, ...batch, ...following];
    for (const [index, entry] of batch.entries()) {
      const next = batch[index + 1] ?? following[0];
      const finding = await step(walk, entry, next, nearby);
      if (finding !== undefined) return { ok: false, finding };
    }
    earlier = batch;
  }
  const [beyond] = walk.open;
  if (beyond !== undefined) return { ok: false, finding: truncated(walk.place, beyond.seq, 'a checkpoint was signed') };
  return { ok: true, from: start.seq + 1, through: walk.place.seq, hash: walk.place.hash, checkpoints: walk.passed };
}

export function truncated({ seq }: ChainPlace, upTo: number, source: string): AuditFinding {
  return {
    kind: 'truncated',
    seq: seq + 1,
    what: `The chain ends at place ${seq}, and ${source} at place ${upTo}: the places between are gone.`,
  };
}

interface Walk {
  place: ChainPlace;
  /** The last checkpoint that held. */
  closed: ChainPlace;
  readonly open: StoredCheckpoint[];
  readonly keys: readonly EvidenceJwk[];
  passed: number;
}

async function step(
  walk: Walk,
  entry: ChainEntry,
  next: ChainEntry | undefined,
  nearby: readonly ChainEntry[],
): Promise<AuditFinding | undefined> {
  const finding = diagnose({ previous: walk.place.hash, expectedSeq: walk.place.seq + 1, entry, next, nearby });
  if (finding !== undefined) return finding;
  walk.place = { seq: entry.seq, hash: entry.hash };
  const [checkpoint] = walk.open;
  if (checkpoint?.seq !== entry.seq) return undefined;
  walk.open.shift();
  walk.passed += 1;
  return compare(walk, checkpoint);
}

/** What was signed must be what is stored, continue the checkpoint before, and agree with the chain. */
async function compare(walk: Walk, { seq, hash, jws }: StoredCheckpoint): Promise<AuditFinding | undefined> {
  const bad = (what: string): AuditFinding => ({ kind: 'checkpoint', seq, what: `The checkpoint at place ${seq} does not hold: ${what}` });
  const signed = await readCheckpoint(jws, walk.keys);
  if (!signed.ok) return bad(signed.reason);
  const { claims } = signed;
  if (claims.seq !== seq || claims.hash !== hash) return bad('what is stored beside it is not what was signed.');
  if (claims.prevSeq !== walk.closed.seq)
    return bad(`it continues place ${claims.prevSeq}; the one before it here is at ${walk.closed.seq}.`);
  if (claims.prevHash !== walk.closed.hash) return bad('it continues another chain.');
  if (claims.hash !== walk.place.hash) return rewritten(walk.closed.seq, seq, `a checkpoint signed ${claims.at} says`);
  walk.closed = { seq, hash };
  return undefined;
}

export function rewritten(goodThrough: number, seq: number, source: string): AuditFinding {
  const what = `Rows and hashes between place ${goodThrough + 1} and ${seq} agree with each other, but ${source} another hash at ${seq}: they were rewritten.`;
  return { kind: 'rewritten', seq: goodThrough + 1, what };
}

interface Window {
  batch: readonly ChainEntry[];
  following: readonly ChainEntry[];
}

/** Each batch with the one after it: a row that left its place at the end of one may stand at the beginning of the next. */
async function* withFollowing(batches: AsyncIterable<readonly ChainEntry[]>): AsyncGenerator<Window> {
  let held: readonly ChainEntry[] | undefined;
  for await (const batch of batches) {
    if (held !== undefined) yield { batch: held, following: batch };
    held = batch;
  }
  if (held !== undefined) yield { batch: held, following: [] };
}
