import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AUDIT_ACTIONS } from '../../contract/audit-actions.ts';
import { codeOf, ROOT, sourceFiles } from './source-files.ts';

/* What core/ names it only reads.
 * What goes through `appendAudit` the compiler holds to the list; here is what SQL writes by itself. */

const MIGRATIONS = join(ROOT, 'prisma', 'migrations');
const code = sourceFiles()
  .filter((path) => !/^(test|bench|contract|core)\//.test(path))
  .map((path) => [path, codeOf(path)] as const);
const migrations = readdirSync(MIGRATIONS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => [name, readFileSync(join(MIGRATIONS, name, 'migration.sql'), 'utf8').replaceAll(/--.*$/gm, '')] as const);

const INSERT = /\bINSERT\s+INTO\s+(?:public\.)?"?audit"?\s*\(/gi;
/** The columns and what stands in the place of `action`. */
const WRITES = /^INSERT\s+INTO\s+(?:public\.)?"?audit"?\s*\(\s*actor\s*,\s*action\b[^)]*\)\s*(?:VALUES\s*\(|SELECT\s)[^,]+,\s*([^,\s]+)/i;

const written = [...code, ...migrations].flatMap(([where, text]) =>
  [...text.matchAll(INSERT)].map(({ index }) => [where, WRITES.exec(text.slice(index))?.[1] ?? 'no action in sight'] as const),
);

test('every statement that writes an audit row says an action of the list, or takes that of appendAudit', () => {
  const listed = new Set(Object.keys(AUDIT_ACTIONS).map((action) => `'${action}'`));
  const strange = written.filter(([where, action]) => !listed.has(action) && !(where === 'store/audit.ts' && action === '${action}'));
  expect(strange).toEqual([]);
  expect(written.filter(([where]) => /^\d/.test(where)).length).toBeGreaterThan(5);
});

test('every action of the list is written somewhere', () => {
  const all = [...code, ...migrations].map(([, text]) => text).join('\n');
  const literal = all.replaceAll('`pin.${mode}`', "'pin.setup' 'pin.verify'");
  expect(Object.keys(AUDIT_ACTIONS).filter((action) => !literal.includes(`'${action}'`))).toEqual([]);
});
