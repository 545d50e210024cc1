import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ChainEntry } from '../../core/evidence/diagnose-row.ts';
import { toEvidenceJwks } from '../../core/evidence/evidence-jwks.ts';
import type { EvidenceJwk } from '../../core/evidence/evidence-key.ts';
import type { StoredCheckpoint } from '../../core/evidence/verify-audit.ts';
import { parseHeader, parseLine, type SegmentHeader } from './segment-lines.ts';

export interface Segment {
  readonly header: SegmentHeader;
  /** What the file itself says are the evidence keys. */
  readonly keys: readonly EvidenceJwk[];
  readonly checkpoints: readonly StoredCheckpoint[];
  /** Reads the file again, row by row. */
  entries(): AsyncIterable<readonly ChainEntry[]>;
}

const BATCH = 1_000;

/** Opens a segment file. Throws a sentence when it is none, ends without a checkpoint, or not where its header says. */
export async function openSegment(path: string): Promise<Segment> {
  let header: SegmentHeader | undefined;
  const checkpoints: StoredCheckpoint[] = [];
  let closed = false;
  for await (const { text, number } of lines(path)) {
    if (number === 1) header = parseHeader(text);
    else {
      const line = parseLine(text, number);
      closed = 'checkpoint' in line;
      if ('checkpoint' in line) checkpoints.push(line.checkpoint);
    }
  }
  if (header === undefined || !closed || checkpoints.at(-1)?.seq !== header.through)
    throw new Error(
      `${path} is not a whole audit segment: it must end with the checkpoint that its header names. It was cut off: take another copy, or export again.`,
    );
  return { header, keys: toEvidenceJwks(header.keys), checkpoints, entries: () => entriesOf(path) };
}

async function* entriesOf(path: string): AsyncGenerator<ChainEntry[]> {
  let batch: ChainEntry[] = [];
  for await (const { text, number } of lines(path)) {
    const line = number === 1 ? undefined : parseLine(text, number);
    if (line === undefined || 'checkpoint' in line) continue;
    const { seq, hash, ...row } = line;
    batch.push({ seq, hash, auditId: row.id, row });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* lines(path: string): AsyncGenerator<{ text: string; number: number }> {
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    yield { text, number };
  }
}

/** SHA-256 of the file, hex: what `audit.drop` records. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) if (part instanceof Buffer) hash.update(part);
  return hash.digest('hex');
}
