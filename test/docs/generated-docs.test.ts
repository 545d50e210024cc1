import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Field, PROCESSES } from '../../config/fields.ts';
import { CSR_REFUSALS } from '../../contract/csr-refusal-codes.ts';
import { PROBLEMS } from '../../contract/error-codes.ts';
import { generatedDocs, staleDocs } from '../../scripts/generate-docs.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8');

describe('generated documents', () => {
  test('are what the code says today (else: npm run docs)', () => {
    expect(staleDocs()).toEqual([]);
  });

  test('are the same at each run', () => {
    expect(generatedDocs()).toEqual(generatedDocs());
  });

  test('docs/errors.md has exactly one anchor for each code of the closed union', () => {
    const anchors = [...read('docs/errors.md').matchAll(/<a id="(\w+)"><\/a>/g)].map(([, code]) => code);
    expect(anchors.toSorted()).toEqual(Object.keys(PROBLEMS).toSorted());
  });

  test('docs/errors.md lists refusals of a CSR in the order in which the CSR is judged', () => {
    const listed = [...read('docs/errors.md').matchAll(/<a id="(\w+)">/g)].map(([, code = '']) => code);
    expect(listed.filter((code) => Object.hasOwn(CSR_REFUSALS, code))).toEqual(Object.keys(CSR_REFUSALS));
  });

  test('docs/csr-refusals.md has a section for each refusal of a CSR, in the order of judgement, with rule and way out', () => {
    const sections = read('docs/csr-refusals.md').split('\n## ').slice(1);
    expect(sections.map((section) => section.split('\n')[0])).toEqual(Object.keys(CSR_REFUSALS));
    for (const section of sections) expect(section).toMatch(/Rule: .+\n[^]*looks like: .+\n[^]*usual mistake: .+\n[^]*fix it: .+/);
  });

  test('docs/configuration.md has one line for each variable, and marks every secret', () => {
    const fields = Object.values(PROCESSES).flatMap((all) => Object.values<Field>(all));
    for (const { env, key } of fields) {
      const lines = read('docs/configuration.md')
        .split('\n')
        .filter((line) => line.startsWith(`| \`${env}\` `));
      expect(lines, env).toHaveLength(1);
      expect(lines[0]?.includes('**secret**'), env).toBe(key);
    }
  });
});
