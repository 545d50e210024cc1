import pg from 'pg';
import type { EvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { readAuditChain } from '../../store/audit-chain.ts';
import { readCheckpoints } from '../../store/audit-checkpoint.ts';
import type { Database } from '../../store/database.ts';
import { openSegment, type Segment, sha256OfFile } from './read-segment.ts';
import { verifySegment } from './verify-segment.ts';

/**
 * Drops exactly the rows that a segment file holds, after the file was verified and compared with the database place by place. `url` must be
 * the owner's: nobody else may execute `audit_drop`. Returns how many rows went. A second time there is nothing left: it throws.
 */
export async function dropSegment(db: Database, url: string, path: string, keys: readonly EvidenceJwk[], actor: string): Promise<number> {
  const segment = await openSegment(path);
  const verdict = await verifySegment(segment, keys);
  if (!verdict.ok) throw new Error(`The file is not sound, nothing is dropped. ${verdict.finding.what} Export again with cs audit export.`);
  await requireBeginning(db, segment);
  await requireSame(db, segment);
  return drop(url, segment.header.through, actor, await sha256OfFile(path));
}

async function requireBeginning(db: Database, { header: { start } }: Segment): Promise<void> {
  const floor = (await readCheckpoints(db)).findLast(({ dropped }) => dropped)?.seq ?? 0;
  if (floor !== start.seq)
    throw new Error(`The file begins after place ${start.seq}, the database after ${floor}: export again, nothing is dropped.`);
}

/** The signature covers the hashes; that the file holds the very rows is compared all the same, before anything goes. */
async function requireSame(db: Database, segment: Segment): Promise<void> {
  const { start, through } = segment.header;
  const stored = readAuditChain(db, start.seq, through);
  for await (const batch of segment.entries()) {
    const held = await take(stored, batch.length);
    for (const [index, entry] of batch.entries()) {
      if (JSON.stringify(sorted(entry)) !== JSON.stringify(sorted(held[index])))
        throw new Error(
          `Place ${entry.seq} of the file is not what the database holds: nothing is dropped. Look with cs audit verify which of the two was changed.`,
        );
    }
  }
}

/** Both sides read batches of the same size from the same beginning. */
async function take<Item>(source: AsyncGenerator<Item[], void>, count: number): Promise<Item[]> {
  const next = await source.next();
  const fits = next.done !== true && next.value.length === count;
  if (!fits)
    throw new Error(
      'The database does not hold as many rows as the file: nothing is dropped. Is it the database that the file came from? Look with cs audit verify.',
    );
  return next.value;
}

function sorted(value: object | undefined): unknown {
  return Object.entries(value ?? {})
    .map(([name, member]: [string, unknown]) => [name, typeof member === 'object' && member !== null ? sorted(member) : member])
    .toSorted(([one], [other]) => String(one).localeCompare(String(other)));
}

/** A connection without a time limit: deleting a year takes longer than any call. */
async function drop(url: string, through: number, actor: string, sha256: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, application_name: 'cs-audit-drop' });
  await client.connect();
  try {
    const { rows } = await client.query<{ went: string }>('SELECT audit_drop($1, $2, $3) AS went', [through, actor, sha256]);
    return Number(rows[0]?.went);
  } finally {
    await client.end();
  }
}
