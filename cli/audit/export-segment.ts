import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { AUDIT_GENESIS } from '../../core/evidence/audit-hash.ts';
import { toEvidenceJwks } from '../../core/evidence/evidence-jwks.ts';
import { readAuditChain } from '../../store/audit-chain.ts';
import { type CheckpointRow, readCheckpoints } from '../../store/audit-checkpoint.ts';
import type { Database } from '../../store/database.ts';
import { readEvidenceKeys } from '../../store/evidence-keys.ts';
import type { SegmentHeader } from './segment-lines.ts';

/**
 * Writes the rows that were not dropped, up to the last checkpoint at or before `through` (a place, or a time), to a segment file that must
 * not exist. Returns what it holds. May be repeated with another file.
 */
export async function exportSegment(db: Database, through: number | Date, path: string): Promise<{ start: number; through: number }> {
  const checkpoints = await readCheckpoints(db);
  const floor = checkpoints.findLast(({ dropped }) => dropped);
  const closing = checkpoints.filter((one) => !one.dropped && isWithin(one, through));
  const last = closing.at(-1);
  if (last === undefined)
    throw new Error(
      'No checkpoint closes the rows up to there: nothing can be exported yet. The enrollment worker signs one after CS_AUDIT_CHECKPOINT_SECONDS or CS_AUDIT_CHECKPOINT_ROWS.',
    );
  const start = floor === undefined ? { seq: 0, hash: AUDIT_GENESIS } : { seq: floor.seq, hash: floor.hash };
  const keys = toEvidenceJwks(await readEvidenceKeys(db));
  await write(path, lines(db, { kind: 'cs-audit-segment', v: 1, start, through: last.seq, keys }, closing));
  return { start: start.seq, through: last.seq };
}

function isWithin({ seq, at }: CheckpointRow, through: number | Date): boolean {
  return typeof through === 'number' ? seq <= through : new Date(at) <= through;
}

async function* lines(db: Database, header: SegmentHeader, checkpoints: readonly CheckpointRow[]): AsyncGenerator<string> {
  yield JSON.stringify(header);
  const closedBy = new Map(checkpoints.map((one) => [one.seq, one]));
  for await (const batch of readAuditChain(db, header.start.seq, header.through)) {
    for (const { seq, hash, row } of batch) {
      if (row === undefined) throw new Error(`The audit row of place ${seq} is gone: look with cs audit verify.`);
      yield JSON.stringify({ seq, ...row, hash });
      const closing = closedBy.get(seq);
      if (closing !== undefined) yield JSON.stringify({ checkpoint: { seq, hash: closing.hash, kid: closing.kid, jws: closing.jws } });
    }
  }
}

async function write(path: string, texts: AsyncIterable<string>): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  await once(file, 'open');
  for await (const text of texts) if (!file.write(`${text}\n`)) await once(file, 'drain');
  file.end();
  await finished(file);
}
