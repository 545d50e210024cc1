import { expect, test } from 'vitest';
import { makeCsrCases } from '../../conformance/csr-cases/make-csr-cases.ts';
import { readCsrCases } from '../../conformance/csr-cases-file.ts';

test('csr-cases.json is what the case tables say today (else: npm run vectors)', () => {
  const file = readCsrCases();
  expect(makeCsrCases(file)).toEqual(file);
});

test('without the old file all keys are drawn anew, and the cases are the same ones', () => {
  const file = readCsrCases();
  const fresh = makeCsrCases(undefined);
  expect(fresh.cases.map(({ id }) => id)).toEqual(file.cases.map(({ id }) => id));
  expect(fresh).not.toEqual(file);
});
