import { beforeAll, describe, expect, it } from 'vitest';
import { AUDIT_GENESIS, auditHash } from '../../core/evidence/audit-hash.ts';
import { appendAudit } from '../../store/audit.ts';
import { readAuditChain, readAuditHead, readUnchained } from '../../store/audit-chain.ts';
import { inTransaction } from '../../store/database.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { createRow, newDevice } from '../rig/enrollment-rows.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

async function chain() {
  const head = await readAuditHead(world.db);
  const entries = [];
  for await (const batch of readAuditChain(world.db, 0, head.seq)) entries.push(...batch);
  return { head, entries };
}

/** The whole chain, computed again from the rows alone. */
async function recomputed() {
  const { head, entries } = await chain();
  let previous = AUDIT_GENESIS;
  for (const [index, { seq, hash, row }] of entries.entries()) {
    if (row === undefined) throw new Error(`no row at ${seq}`);
    expect(seq).toBe(index + 1);
    previous = auditHash(previous, seq, row);
    expect({ seq, hash }).toEqual({ seq, hash: previous });
  }
  expect(head).toEqual({ seq: entries.length, hash: previous });
  expect(await readUnchained(world.db)).toEqual([]);
  return entries;
}

const action = 'pin.reset';

describe('the chain', () => {
  it('of whole enrollments, ended in every way, is the one that is computed from the rows by other code', async () => {
    const completed = await rowIn(world, 'completed');
    await rowIn(world, 'completed', completed.device);
    const cancelled = await rowIn(world, 'awaiting-ack');
    await endEnrollment(world.db, { id: cancelled.id, state: 'cancelled', code: 'cancelled', actor: 'test' });
    expect((await recomputed()).length).toBeGreaterThan(20);
  });

  it.each([
    [
      'text of every script, controls and quotes',
      { userId: 'u-Ünïcødé-漢字-🔑', outcome: 'a\tb\n"c"\\ \u0001', detail: { ключ: 'значение 🔒', '': '' } },
    ],
    [
      'numbers, nesting, order and blanks of JSON',
      { outcome: 'x', detail: { b: [1, 1.5, 1e21, -0, null, true], a: { z: {}, y: [] }, 'a b': '  ' } },
    ],
    ['nothing but what must be', { outcome: '' }],
    ['a member that looks like the next field', { userId: '\u0000'.length === 1 ? 'a' : '', outcome: 'cancelled\u0002enr' }],
  ])('hashes %s alike in SQL and here', async (_what, content) => {
    await appendAudit(world.db, { actor: 'Prüfer', action, ...content });
    await recomputed();
  });

  it('puts the rows of one transaction in the order of writing, and those of a rolled-back one nowhere', async () => {
    const before = await readAuditHead(world.db);
    await inTransaction(world.db, async (tx) => {
      for (const outcome of ['first', 'second', 'third']) await appendAudit(tx, { actor: 'test', action, outcome });
    });
    const lost = inTransaction(world.db, async (tx) => {
      await appendAudit(tx, { actor: 'test', action, outcome: 'never' });
      throw new Error('rolled back');
    });
    await expect(lost).rejects.toThrow('rolled back');
    await appendAudit(world.db, { actor: 'test', action, outcome: 'after' });
    const added = (await recomputed()).slice(before.seq);
    expect(added.map(({ row }) => row?.outcome)).toEqual(['first', 'second', 'third', 'after']);
  });

  it('stands in line under fifty writers at once, and no two wait for each other in a circle', async () => {
    const before = await readAuditHead(world.db);
    const deadlocks = async () =>
      (await world.db.$queryRaw<{ deadlocks: bigint }[]>`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`)[0];
    const earlier = await deadlocks();
    const device = newDevice();
    await Promise.all([
      ...Array.from({ length: 40 }, (_, index) => appendAudit(world.db, { actor: 'test', action, outcome: `writer ${index}` })),
      ...Array.from({ length: 10 }, () => createRow(world.db, device)),
    ]);
    // 10 creations, 9 of which ended the one before.
    expect((await recomputed()).length).toBe(before.seq + 40 + 10 + 9);
    expect(await deadlocks()).toEqual(earlier);
  });
});

describe('nobody', () => {
  it.each([
    ['changes an audit row', `UPDATE audit SET outcome = 'x'`],
    ['removes an audit row', `DELETE FROM audit`],
    ['empties the audit', `TRUNCATE audit`],
    ['changes a place of the chain', `UPDATE audit_link SET hash = '\\x00'`],
    ['removes a place of the chain', `DELETE FROM audit_link`],
    ['empties the chain', `TRUNCATE audit_link`],
    ['moves the head back', `UPDATE audit_head SET seq = seq - 1`],
    ['removes the head', `DELETE FROM audit_head`],
    ['empties the head', `TRUNCATE audit_head`],
  ])('%s, not even the owner, while the triggers stand', async (_what, statement) => {
    const before = await chain();
    await expect(world.db.$executeRawUnsafe(statement)).rejects.toThrow(/only appended/);
    expect(await chain()).toEqual(before);
  });
});
