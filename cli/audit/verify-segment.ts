import type { ChainPlace } from '../../core/evidence/audit-checkpoint.ts';
import type { AuditVerdict } from '../../core/evidence/audit-finding.ts';
import type { EvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { rewritten, verifyAudit } from '../../core/evidence/verify-audit.ts';
import type { Segment } from './read-segment.ts';

/** Judges a segment file by itself: `keys` are trusted; without them those in the file, which only prove that the file fits itself. */
export async function verifySegment(segment: Segment, keys: readonly EvidenceJwk[] | undefined, kept?: ChainPlace): Promise<AuditVerdict> {
  const { header, checkpoints } = segment;
  const verdict = await verifyAudit({ start: header.start, entries: segment.entries(), checkpoints, keys: keys ?? segment.keys });
  if (!verdict.ok || kept === undefined) return verdict;
  const found = kept.seq === header.start.seq ? header.start.hash : await hashAt(segment, kept.seq);
  if (found === undefined)
    throw new Error(
      `Place ${kept.seq} is not in this file: it holds ${verdict.from} to ${verdict.through}. Name the file with that place, or leave out --head.`,
    );
  return found === kept.hash
    ? verdict
    : { ok: false, finding: rewritten(header.start.seq, kept.seq, 'the head that was kept elsewhere has') };
}

async function hashAt(segment: Segment, seq: number): Promise<string | undefined> {
  for await (const batch of segment.entries()) {
    const found = batch.find((entry) => entry.seq === seq);
    if (found !== undefined) return found.hash;
  }
  return undefined;
}
