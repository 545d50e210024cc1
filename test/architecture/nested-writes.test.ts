import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nestedWrites, relationFields } from './nested-writes.ts';
import { codeOf, ROOT, sourceFiles } from './source-files.ts';

const RELATIONS = relationFields(readFileSync(join(ROOT, 'prisma/schema.prisma'), 'utf8'));
const AT_THE_DATABASE = sourceFiles().filter((path) => /^(store|activities|worker|api)\//.test(path));

test('no call of ours writes rows of another table by nesting them (ADR 48)', () => {
  const found = AT_THE_DATABASE.flatMap((path) => nestedWrites(codeOf(path), RELATIONS).map((text) => `${path}: ${text}`));
  expect(found).toEqual([]);
});

test('transactions begin in one file, whose limits and refusals they have; none is a list of statements (5 s, whatever is set)', () => {
  const beginning = sourceFiles().filter((path) => !path.startsWith('test/') && /\$transaction\b/.test(codeOf(path)));
  expect(beginning).toEqual(['store/database.ts']);
  expect(codeOf('store/database.ts')).not.toMatch(/\$transaction\(\s*\[/);
});

describe('the rule', () => {
  test('knows the fields that stand for other rows', () => {
    expect(RELATIONS).toContain('enrollment');
    expect(RELATIONS.size).toBeGreaterThan(3);
  });

  test.each([
    ['create in data', 'tx.enrollment.create({ data: { id, pinAttempts: { create: { attemptId } } } })'],
    ['createMany in data', 'await tx.enrollment.update({ where: { id }, data: { intents: { createMany: { data: [one] } } } });'],
    ['connect', 'tx.delivery.create({ data: { format, enrollment: { connect: { id } } } })'],
    ['connectOrCreate', 'tx.delivery.create({ data: { enrollment: { connectOrCreate: { where, create } } } })'],
    ['a nested update', 'db.enrollment.update({ where: { id }, data: { delivery: { update: { sealed: null } } } })'],
    ['a nested delete', 'db.enrollment.update({ where: { id }, data: { submissions: { deleteMany: { outcome: null } } } })'],
    ['an upsert that nests', 'tx.device.upsert({ where, create: { id, keys: { create: [one] } }, update: {} })'],
    ['a relation by another verb', 'tx.enrollment.update({ where, data: { delivery: { anything: 1 } } })'],
    [
      'data that was put together before',
      'const data = { id, intents: { create: rows.map(toIntent) } };\nconst more = { connect: { id } };',
    ],
    [
      'over several lines',
      'tx.enrollment.create({\n  data: {\n    id,\n    delivery: {\n      create: {\n        format },\n    },\n  },\n})',
    ],
  ])('sees %s', (_what, text) => {
    expect(nestedWrites(text, new Set([...RELATIONS, 'delivery']))).not.toEqual([]);
  });

  test.each([
    ['a plain row', 'tx.pinAttempt.create({ data: { enrollmentId, attemptId, mode, chargedAt } })'],
    ['several rows', 'tx.credentialIntent.createMany({ data: intents.map((intent) => ({ ...intent, enrollmentId: id })) })'],
    ['a counter', 'tx.enrollment.update({ where: { id }, data: { csrRefusals: { increment: 1 } }, select: { id: true } })'],
    ['a plain upsert', 'tx.device.upsert({ where: { id }, create, update: data })'],
    ['an update by a compound key', 'tx.x.update({ where: { enrollmentId_kind: { enrollmentId, kind } }, data: { status } })'],
  ])('leaves %s alone', (_what, text) => {
    expect(nestedWrites(text, RELATIONS)).toEqual([]);
  });
});
