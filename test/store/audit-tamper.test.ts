import { generateKeyPairSync } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyDatabase } from '../../cli/audit/verify-database.ts';
import { signCheckpoint } from '../../core/evidence/audit-checkpoint.ts';
import { type EvidenceJwk, openEvidenceKey, publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { createLogger } from '../../process/logger.ts';
import { readAuditHead } from '../../store/audit-chain.ts';
import { readCheckpoints } from '../../store/audit-checkpoint.ts';
import { publishEvidenceKey } from '../../store/evidence-keys.ts';
import { checkpointAudit } from '../../worker/audit-checkpoints.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';

/* A superuser with all triggers off (`session_replication_role = replica`), who knows the chain and has no evidence key. */

const TABLES = ['audit', 'audit_link', 'audit_head', 'audit_checkpoint', 'evidence_key'];
const log = createLogger('test', 'silent');
let world: EnrollmentWorld;
let superuser: pg.Client;
let keys: EvidenceJwk[];
/** Place of the first and the second checkpoint, and the end. */
let first: number;
let second: number;
let end: number;

beforeAll(async () => {
  world = await enrollmentWorld();
  superuser = new pg.Client({ connectionString: world.url });
  await superuser.connect();
  await superuser.query('SET session_replication_role = replica');
  keys = [publicEvidenceJwk(world.evidence)];
  await publishEvidenceKey(world.db, world.evidence.kid, publicEvidenceJwk(world.evidence));
  for (let part = 0; part < 3; part += 1) {
    await rowIn(world, 'awaiting-csr');
    await rowIn(world, 'awaiting-csr');
    if (part < 2) await checkpoint();
  }
  [first = 0, second = 0] = (await readCheckpoints(world.db)).map(({ seq }) => seq);
  end = (await readAuditHead(world.db)).seq;
  for (const table of TABLES) await superuser.query(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
});
afterEach(async () => {
  for (const table of TABLES) await superuser.query(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM kept_${table}`);
});
afterAll(() => superuser.end());

const checkpoint = () => checkpointAudit({ db: world.db, log, evidence: world.evidence, rule: { everyRows: 1_000, everySeconds: 0 } });
const verify = (kept?: { seq: number; hash: string }, trusted = keys) => verifyDatabase(world.db, trusted, kept);
const idAt = async (seq: number) => {
  const { rows } = await superuser.query<{ id: string }>('SELECT audit_id AS id FROM kept_audit_link WHERE seq = $1', [seq]);
  return rows[0]?.id;
};
const auditAt = (seq: number) => `(SELECT audit_id FROM kept_audit_link WHERE seq = ${seq})`;
/** What somebody does who wants it to look right: all hashes from a place on anew, and the head. */
const recompute = (from: number) =>
  superuser.query(`DO $$
    DECLARE place record; made bytea := COALESCE((SELECT hash FROM audit_link WHERE seq = ${from - 1}), sha256(convert_to('cs-audit-genesis-v1', 'UTF8')));
    BEGIN
      FOR place IN SELECT l.seq, a AS entry FROM audit_link l JOIN audit a ON a.id = l.audit_id WHERE l.seq >= ${from} ORDER BY l.seq LOOP
        made := audit_hash(made, place.seq, place.entry);
        UPDATE audit_link SET hash = made WHERE seq = place.seq;
      END LOOP;
      UPDATE audit_head SET hash = made, seq = (SELECT max(seq) FROM audit_link);
    END $$`);

it('untouched it is sound: every place, both checkpoints, and the head that was kept', async () => {
  const head = await readAuditHead(world.db);
  expect(await verify(head)).toEqual({ ok: true, from: 1, through: end, hash: head.hash, checkpoints: 2 });
  expect(first).toBeGreaterThan(5);
  expect(second).toBeGreaterThan(first + 5);
  expect(end).toBeGreaterThan(second + 5);
});

describe('one column of one row, altered', () => {
  it.each([
    ['id', 'id + 1000'],
    ['at', `at + interval '1 millisecond'`],
    ['actor', `'sweeper'`],
    ['action', `'pin.reset'`],
    ['enrollment_id', 'gen_random_uuid()'],
    ['enrollment_id', 'NULL'],
    ['user_id', `user_id || 'x'`],
    ['user_id', 'NULL'],
    ['outcome', `''`],
    ['detail', `detail || '{"more": 1}'`],
    ['detail', `'{}'`],
  ])('%s = %s', async (column, value) => {
    const id = await idAt(first + 3);
    await superuser.query(`UPDATE audit SET ${column} = ${value} WHERE id = ${auditAt(first + 3)}`);
    // A row under another id is no longer there under its own.
    const kind = column === 'id' ? 'removed' : 'altered';
    expect(await verify()).toMatchObject({ ok: false, finding: { kind, seq: first + 3, id } });
  });

  it('is named as the first, when a later one was altered too', async () => {
    await superuser.query(`UPDATE audit SET outcome = 'x' WHERE id IN (${auditAt(4)}, ${auditAt(end - 1)})`);
    expect(await verify()).toMatchObject({ finding: { kind: 'altered', seq: 4, id: await idAt(4) } });
  });
});

describe('a row, removed', () => {
  const places = () => [1, first + 2, end];
  it.each([0, 1, 2])('with its place, or alone: first, middle, last (%i)', async (which) => {
    const seq = places()[which] ?? 0;
    const id = await idAt(seq);
    await superuser.query(`DELETE FROM audit WHERE id = ${auditAt(seq)}`);
    expect(await verify()).toMatchObject({ finding: { kind: 'removed', seq, id } });
    await superuser.query(`DELETE FROM audit_link WHERE seq = ${seq}`);
    expect(await verify()).toMatchObject({ finding: { kind: seq === end ? 'truncated' : 'removed', seq } });
  });

  it('only its place: the row that lost it is named', async () => {
    await superuser.query(`DELETE FROM audit_link WHERE seq = ${first + 2}`);
    expect(await verify()).toMatchObject({ finding: { kind: 'removed', seq: first + 2, id: await idAt(first + 2) } });
  });

  it('and the places after it closed up', async () => {
    await superuser.query(`DELETE FROM audit WHERE id = ${auditAt(3)}; DELETE FROM audit_link WHERE seq = 3`);
    for (let seq = 4; seq <= end; seq += 1) await superuser.query('UPDATE audit_link SET seq = $1 WHERE seq = $2', [seq - 1, seq]);
    expect(await verify()).toMatchObject({ finding: { kind: 'altered', seq: 3, id: await idAt(4) } });
    // With every hash made anew it agrees with itself, and not with what was signed.
    await recompute(3);
    expect(await verify()).toMatchObject({ finding: { kind: 'rewritten', seq: 1 } });
  });
});

describe('two rows, reordered', () => {
  it.each([
    [
      'the places exchange their rows',
      `UPDATE audit_link SET audit_id = CASE seq WHEN 4 THEN ${auditAt(6)} ELSE ${auditAt(4)} END WHERE seq IN (4, 6)`,
    ],
    [
      'the rows exchange their content',
      `UPDATE audit a SET (at, actor, action, enrollment_id, user_id, outcome, detail) =
        (SELECT at, actor, action, enrollment_id, user_id, outcome, detail FROM kept_audit k
         WHERE k.id = CASE a.id WHEN ${auditAt(4)} THEN ${auditAt(6)} ELSE ${auditAt(4)} END) WHERE a.id IN (${auditAt(4)}, ${auditAt(6)})`,
    ],
  ])('%s', async (_how, statement) => {
    await superuser.query('ALTER TABLE audit_link DROP CONSTRAINT IF EXISTS kept; DROP INDEX IF EXISTS audit_link_audit_id_key');
    await superuser.query(statement);
    expect(await verify()).toMatchObject({ finding: { kind: 'reordered', seq: 4 } });
  });

  it('a row and all after it, given other numbers', async () => {
    for (let seq = end; seq >= 5; seq -= 1) await superuser.query('UPDATE audit_link SET seq = $1 WHERE seq = $2', [seq + 1, seq]);
    await superuser.query('UPDATE audit_head SET seq = seq + 1');
    expect(await verify()).toMatchObject({ finding: { kind: 'reordered', seq: 5, id: await idAt(5) } });
  });
});

describe('a row, forged', () => {
  const FORGED = `INSERT INTO audit (id, actor, action, outcome) VALUES (999999, 'operator:nobody', 'pin.reset', 'removed')`;

  it('without a place', async () => {
    await superuser.query(FORGED);
    expect(await verify()).toMatchObject({ finding: { kind: 'inserted', id: '999999' } });
  });

  it('after the end, the head left where it was', async () => {
    await superuser.query(FORGED);
    await superuser.query(
      `INSERT INTO audit_link SELECT h.seq + 1, 999999, audit_hash(h.hash, h.seq + 1, a) FROM audit_head h, audit a WHERE a.id = 999999`,
    );
    expect(await verify()).toMatchObject({ finding: { kind: 'inserted', seq: end + 1 } });
  });

  it('in the middle, everything after it moved and every hash made anew', async () => {
    await superuser.query(FORGED);
    for (let seq = end; seq >= second; seq -= 1) await superuser.query('UPDATE audit_link SET seq = $1 WHERE seq = $2', [seq + 1, seq]);
    await superuser.query(`INSERT INTO audit_link VALUES (${second}, 999999, '\\x00')`);
    await recompute(second);
    expect(await verify()).toMatchObject({ finding: { kind: 'rewritten', seq: first + 1 } });
  });
});

describe('a hash, altered', () => {
  it('alone', async () => {
    await superuser.query(`UPDATE audit_link SET hash = sha256('x') WHERE seq = 4`);
    expect(await verify()).toMatchObject({ finding: { kind: 'hash-altered', seq: 4, id: await idAt(4) } });
  });

  it('with the row, and all after it made anew: the next checkpoint says otherwise', async () => {
    await superuser.query(`UPDATE audit SET outcome = 'x' WHERE id = ${auditAt(first + 2)}`);
    await recompute(first + 2);
    expect(await verify()).toMatchObject({ finding: { kind: 'rewritten', seq: first + 1 } });
  });

  it('after the last checkpoint: only a head that was kept says otherwise', async () => {
    const kept = await readAuditHead(world.db);
    await superuser.query(`UPDATE audit SET outcome = 'x' WHERE id = ${auditAt(second + 3)}`);
    await recompute(second + 3);
    expect(await verify()).toMatchObject({ ok: true });
    expect(await verify(kept)).toMatchObject({ finding: { kind: 'rewritten' } });
  });

  it('of the head', async () => {
    await superuser.query(`UPDATE audit_head SET hash = sha256('x')`);
    expect(await verify()).toMatchObject({ finding: { kind: 'hash-altered', seq: end } });
  });
});

describe('the end, truncated', () => {
  const cut = (after: number) =>
    superuser.query(`DELETE FROM audit WHERE id IN (SELECT audit_id FROM audit_link WHERE seq > ${after}); DELETE FROM audit_link WHERE seq > ${after};
      UPDATE audit_head SET seq = ${after}, hash = (SELECT hash FROM audit_link WHERE seq = ${after})`);

  it('behind the last checkpoint with the head set back: a head that was kept shows it', async () => {
    const kept = await readAuditHead(world.db);
    await cut(second + 1);
    expect(await verify()).toMatchObject({ ok: true });
    expect(await verify(kept)).toMatchObject({ finding: { kind: 'truncated', seq: second + 2 } });
  });

  it('from its beginning, past `audit_drop`, its checkpoint marked as dropped: no row tells of it', async () => {
    await superuser.query(`UPDATE audit_checkpoint SET dropped_at = now() WHERE seq = ${first}`);
    await superuser.query(`DELETE FROM audit WHERE id IN (SELECT audit_id FROM audit_link WHERE seq <= ${first})`);
    await superuser.query(`DELETE FROM audit_link WHERE seq <= ${first}`);
    expect(await verify()).toMatchObject({ finding: { kind: 'removed', seq: first } });
  });

  it('before a checkpoint', async () => {
    await cut(second - 2);
    expect(await verify()).toMatchObject({ finding: { kind: 'truncated', seq: second - 1 } });
  });
});

describe('a checkpoint', () => {
  it('removed from between two', async () => {
    await superuser.query(`DELETE FROM audit_checkpoint WHERE seq = ${first}`);
    expect(await verify()).toMatchObject({ finding: { kind: 'checkpoint', seq: second } });
  });

  it('whose hash was set to that of rewritten rows', async () => {
    await superuser.query(`UPDATE audit SET outcome = 'x' WHERE id = ${auditAt(3)}`);
    await recompute(3);
    await superuser.query('UPDATE audit_checkpoint c SET hash = (SELECT hash FROM audit_link l WHERE l.seq = c.seq)');
    expect(await verify()).toMatchObject({ finding: { kind: 'checkpoint', seq: first } });
  });

  it('signed anew by a key of the intruder, published beside ours: keys that were kept elsewhere show it', async () => {
    const own = openEvidenceKey(
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
    await superuser.query(`UPDATE audit SET outcome = 'x' WHERE id = ${auditAt(second - 1)}`);
    await recompute(second - 1);
    const [one, two] = await readCheckpoints(world.db);
    const { rows } = await superuser.query<{ hash: Buffer }>(`SELECT hash FROM audit_link WHERE seq = ${second}`);
    const hash = rows[0]?.hash.toString('hex') ?? '';
    const forged = await signCheckpoint(
      { seq: second, hash, prevSeq: first, prevHash: one?.hash ?? '', rows: second - first, at: two?.at ?? '' },
      own,
    );
    await superuser.query(`UPDATE audit_checkpoint SET hash = decode($1, 'hex'), jws = $2, kid = $3 WHERE seq = ${second}`, [
      hash,
      forged.jws,
      own.kid,
    ]);
    expect(await verify(undefined, [...keys, publicEvidenceJwk(own)])).toMatchObject({ ok: true });
    expect(await verify()).toMatchObject({ finding: { kind: 'checkpoint', seq: second } });
  });

  it('is not signed over rows that were altered', async () => {
    await superuser.query(`UPDATE audit SET outcome = 'x' WHERE id = ${auditAt(second + 3)}`);
    await expect(checkpoint()).rejects.toThrow(`row ${await idAt(second + 3)} at place ${second + 3} does not give its hash`);
    expect(await readCheckpoints(world.db)).toHaveLength(2);
  });
});
