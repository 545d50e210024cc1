import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PROCESSES } from '../../config/fields.ts';
import { TABLE_GRANTS } from '../../store/grants.ts';

const page = readFileSync(new URL('../../docs/data.md', import.meta.url), 'utf8');

test('docs/data.md says of every table how long its rows are kept, and of none that does not exist', () => {
  const [, database = ''] = page.split('## Database');
  const rows = (database.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, table]) => table));
  expect(named.toSorted()).toEqual(Object.keys(TABLE_GRANTS).toSorted());
  for (const row of rows) expect(row.split('|').map((cell) => cell.trim().length > 0)).toEqual([false, true, true, true, true, false]);
});

test('docs/data.md names the settings of retention with their defaults', () => {
  for (const [field, preset] of Object.entries({
    retentionEndedDays: '30 days',
    retentionCertifiedDays: '90 days',
    retentionIntervalSeconds: '600',
  })) {
    const found = Object.entries(PROCESSES.worker).find(([name]) => name === field)?.[1];
    expect([field, found?.schema.parse(undefined), page.includes(`\`${found?.env ?? ''}\``), page.includes(preset)]).toEqual([
      field,
      Number.parseInt(preset, 10),
      true,
      true,
    ]);
  }
});
