import type { AuditFinding } from './audit-finding.ts';
import { type AuditContent, auditHash } from './audit-hash.ts';

/** One place of the chain as it is found; without `row` the audit row is missing. */
export interface ChainEntry {
  readonly seq: number;
  readonly auditId: string;
  /** Hex. */
  readonly hash: string;
  readonly row?: AuditContent;
}

/** A place that does not fit, and what stands around it. */
export interface Misfit {
  readonly previous: string;
  readonly expectedSeq: number;
  readonly entry: ChainEntry;
  readonly next: ChainEntry | undefined;
  /** Places near it, itself included: where a row that belongs here may have gone. */
  readonly nearby: readonly ChainEntry[];
}

/** Says what was done to the first place that does not fit: its hash is tried with the rows nearby. Undefined: it fits. Pure. */
export function diagnose(misfit: Misfit): AuditFinding | undefined {
  const { previous, expectedSeq, entry } = misfit;
  if (entry.seq !== expectedSeq) return gap(misfit);
  const { row, seq, auditId } = entry;
  if (row === undefined) return { kind: 'removed', seq, id: auditId, what: `The audit row ${auditId} of place ${seq} is gone.` };
  if (auditHash(previous, seq, row) === entry.hash) return undefined;
  return reordered(misfit) ?? contentOrHash(misfit, row);
}

/** A place is missing; if the next one is the row that belongs here, it was only given another number. */
function gap({ previous, expectedSeq, entry }: Misfit): AuditFinding {
  if (entry.row !== undefined && auditHash(previous, expectedSeq, entry.row) === entry.hash) {
    const what = `The row ${entry.auditId} belongs at place ${expectedSeq} and stands at ${entry.seq}: it was given another number.`;
    return { kind: 'reordered', seq: expectedSeq, id: entry.auditId, what };
  }
  return { kind: 'removed', seq: expectedSeq, what: `Place ${expectedSeq} is missing; after ${expectedSeq - 1} comes ${entry.seq}.` };
}

/** Some other row, or its content under this id, gives a hash that is stored here or nearby for this place. */
function reordered({ previous, entry, nearby }: Misfit): AuditFinding | undefined {
  const { seq, auditId } = entry;
  const hashes = new Set(nearby.map(({ hash }) => hash));
  const fits = (row: AuditContent) => hashes.has(auditHash(previous, seq, row));
  for (const other of nearby) {
    if (other.row === undefined || other.auditId === auditId) continue;
    if (fits(other.row) || fits({ ...other.row, id: auditId })) {
      const what = `Place ${seq} holds the row ${auditId}; what belongs here stands at place ${other.seq} (row ${other.auditId}).`;
      return { kind: 'reordered', seq, id: auditId, what };
    }
  }
  return undefined;
}

/** Whichever of content and hash the next place was chained to is the original. */
function contentOrHash({ previous, entry, next }: Misfit, row: AuditContent): AuditFinding {
  const { seq, auditId: id } = entry;
  const chainedTo = (hash: string) => next?.row !== undefined && next.seq === seq + 1 && auditHash(hash, next.seq, next.row) === next.hash;
  if (chainedTo(auditHash(previous, seq, row))) {
    return {
      kind: 'hash-altered',
      seq,
      id,
      what: `The stored hash of place ${seq} was altered; the content of row ${id} is the original.`,
    };
  }
  const sure = chainedTo(entry.hash) ? ' The next place still carries its old hash.' : '';
  return { kind: 'altered', seq, id, what: `The content of row ${id} at place ${seq} does not give its hash.${sure}` };
}
