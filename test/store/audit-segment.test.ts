import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dropSegment } from '../../cli/audit/drop-segment.ts';
import { exportSegment } from '../../cli/audit/export-segment.ts';
import { openSegment } from '../../cli/audit/read-segment.ts';
import { verifyDatabase } from '../../cli/audit/verify-database.ts';
import { verifySegment } from '../../cli/audit/verify-segment.ts';
import { type EvidenceJwk, publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { createLogger } from '../../process/logger.ts';
import { readAuditHead } from '../../store/audit-chain.ts';
import { readCheckpoints } from '../../store/audit-checkpoint.ts';
import { publishEvidenceKey } from '../../store/evidence-keys.ts';
import { checkpointAudit } from '../../worker/audit-checkpoints.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';

const log = createLogger('test', 'silent');
const folder = mkdtempSync(join(tmpdir(), 'cs-segment-'));
const file = (name: string) => join(folder, name);
let world: EnrollmentWorld;
let keys: EvidenceJwk[];

beforeAll(async () => {
  world = await enrollmentWorld();
  keys = [publicEvidenceJwk(world.evidence)];
  await publishEvidenceKey(world.db, world.evidence.kid, publicEvidenceJwk(world.evidence));
});

const checkpoint = (everySeconds = 0, everyRows = 1_000) =>
  checkpointAudit({ db: world.db, log, evidence: world.evidence, rule: { everyRows, everySeconds } });
const grow = () => rowIn(world, 'awaiting-csr');
const FAR = Number.MAX_SAFE_INTEGER;
const drop = (path: string) => dropSegment(world.db, world.url, path, keys, 'operator:test');

describe('checkpoints', () => {
  it('come when a row is old enough, or when there are enough, in pieces; never for their own row alone', async () => {
    await grow();
    await checkpoint(3_600);
    expect(await readCheckpoints(world.db)).toHaveLength(0);
    await checkpoint(3_600, 4);
    const [piece] = await readCheckpoints(world.db);
    expect(piece?.seq).toBe(4);
    await checkpoint();
    const after = await readCheckpoints(world.db);
    expect(after).toHaveLength(2);
    await checkpoint();
    expect(await readCheckpoints(world.db)).toEqual(after);
    expect(await world.db.audit.count({ where: { action: 'audit.checkpoint' } })).toBe(2);
  });

  it('are written by one of two workers that look at the same moment', async () => {
    await grow();
    const before = (await readCheckpoints(world.db)).length;
    await Promise.all([checkpoint(), checkpoint(), checkpoint()]);
    expect((await readCheckpoints(world.db)).length).toBe(before + 1);
  });
});

describe('a segment', () => {
  it('is exported, verifies by itself, and is dropped; the chain goes on from its last checkpoint', async () => {
    const kept = (await readCheckpoints(world.db)).at(-1);
    if (kept === undefined) throw new Error('no checkpoint');
    await grow();
    const whole = await readAuditHead(world.db);
    expect(await exportSegment(world.db, whole.seq, file('one'))).toEqual({ start: 0, through: kept.seq });
    const segment = await openSegment(file('one'));
    const sound = { ok: true, from: 1, through: kept.seq, hash: kept.hash, checkpoints: 3 };
    expect(await verifySegment(segment, undefined)).toEqual(sound);
    expect(await verifySegment(segment, keys, { seq: kept.seq, hash: kept.hash })).toEqual(sound);
    expect(await drop(file('one'))).toBe(kept.seq);
    expect(await verifyDatabase(world.db, keys, whole)).toMatchObject({ ok: true, from: kept.seq + 1, through: whole.seq + 1 });
    expect(await world.db.audit.count()).toBe(whole.seq + 1 - kept.seq);
    expect(await world.db.audit.findFirst({ where: { action: 'audit.drop' } })).toMatchObject({
      actor: 'operator:test',
      detail: { from: 1, through: kept.seq, rows: kept.seq, fileSha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    await expect(drop(file('one'))).rejects.toThrow(/begins after place 0/);
  });

  it('after it begins where the dropped one ended; a head of the dropped time is found in the file', async () => {
    await checkpoint();
    const floor = (await readCheckpoints(world.db)).findLast(({ dropped }) => dropped);
    const { start } = await exportSegment(world.db, new Date(Date.now() + 60_000), file('two'));
    expect(start).toBe(floor?.seq);
    expect(await verifySegment(await openSegment(file('two')), keys)).toMatchObject({ ok: true, from: start + 1 });
    await expect(verifyDatabase(world.db, keys, { seq: 3, hash: '00'.repeat(32) })).rejects.toThrow('--file');
    expect(await verifySegment(await openSegment(file('one')), keys, { seq: 3, hash: '00'.repeat(32) })).toMatchObject({
      finding: { kind: 'rewritten' },
    });
  });

  it('cannot be exported over a file, nor where no checkpoint closes anything', async () => {
    await expect(exportSegment(world.db, FAR, file('one'))).rejects.toThrow(/EEXIST/);
    await expect(exportSegment(world.db, 1, file('none'))).rejects.toThrow(/nothing can be exported/);
  });
});

describe('a segment file that was changed is not believed, and drops nothing', () => {
  const lines = () => readFileSync(file('two'), 'utf8').trimEnd().split('\n');
  const written = (name: string, changed: string[]) => {
    writeFileSync(file(name), `${changed.join('\n')}\n`);
    return file(name);
  };
  const row = 3;

  it.each<[string, (all: string[]) => string[], RegExp]>([
    ['a content', (all) => all.with(row, (all[row] ?? '').replace('"actor":"', '"actor":"x')), /does not give its hash/],
    ['a row less', (all) => all.toSpliced(row, 1), /is missing/],
    ['two rows in another order', (all) => all.with(row, all[row + 1] ?? '').with(row + 1, all[row] ?? ''), /missing|belongs/],
    ['the end cut off', (all) => all.slice(0, -1), /not a whole audit segment/],
    ['a row that is none', (all) => all.with(row, '{"seq":1}'), /Line 4 is not one of an audit segment/],
    [
      'the keys of somebody else',
      (all) => all.with(0, (all[0] ?? '').replace(/"x":"[^"]+"/, `"x":"${'A'.repeat(43)}"`)),
      /signature does not verify/,
    ],
  ])('%s', async (what, change, message) => {
    const path = written(what.replaceAll(' ', '-'), change(lines()));
    const rows = await world.db.audit.count();
    const judged = async () => {
      const verdict = await verifySegment(await openSegment(path), undefined);
      throw new Error(verdict.ok ? 'it was believed' : verdict.finding.what);
    };
    await expect(judged()).rejects.toThrow(message);
    if (!what.startsWith('the keys')) await expect(drop(path)).rejects.toThrow();
    else expect(await verifySegment(await openSegment(path), keys)).toMatchObject({ ok: true });
    expect(await world.db.audit.count()).toBe(rows);
  });
});

describe('rows of no dropped segment', () => {
  it('stay, whoever calls audit_drop without a checkpoint there', async () => {
    const { seq } = await readAuditHead(world.db);
    await expect(world.db.$queryRaw`SELECT audit_drop(${seq}, 'test', 'x')`).rejects.toThrow(/no checkpoint closes/);
    expect(await verifyDatabase(world.db, keys)).toMatchObject({ ok: true });
  });
});
