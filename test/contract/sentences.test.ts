import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CSR_REFUSALS } from '../../contract/csr-refusal-codes.ts';
import { isErrorCode, PROBLEMS } from '../../contract/error-codes.ts';
import { SdkError } from '../../sdk/index.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CODES = Object.keys(PROBLEMS).filter(isErrorCode);
const OWN = CODES.filter((code) => !Object.hasOwn(CSR_REFUSALS, code));

/* Whoever reads a refusal knows what was found and where (title, detail) and what to do (hint), without the source. */

/** A hint is an instruction: its first word is one of these. */
const FIRST_WORDS =
  /^(Acknowledge|Ask|Begin|Compare|Correct|Delete|Destroy|Do not|Encode|Enroll|Give|Go by|Have it|Keep|Leave|Let|Look|Open|Put|Read|Repeat|Report|Send|Set|Show|Sign|Start|Update|Use|Wait)\b/;

test.each(OWN)('%s says what to do', (code) => {
  expect(PROBLEMS[code].hint).toMatch(FIRST_WORDS);
});

/** Their title alone says what was found and where; every other code is thrown with a detail. */
const TITLE_SAYS_ALL = new Set([
  'body_too_large',
  'csr_submissions_exceeded',
  'enrollment_not_found',
  'file_not_found',
  'idempotency_key_reused',
  'invalid_body',
  'route_not_found',
  'shutting_down',
  'token_retired',
  'workflow_unavailable',
]);

test('no other refusal of API, callers and codec server is thrown with its title alone', () => {
  const thrown = ['api', 'callers', 'store', 'temporal']
    .flatMap((room) => readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((name) => join(ROOT, room, name)))
    .filter((path) => path.endsWith('.ts') && !path.includes('generated'))
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/new ServiceError\('(\w+)'(?:\)|, undefined)/g)])
    .map(([, code = '']) => code);
  expect(thrown.length).toBeGreaterThan(5);
  expect(thrown.filter((code) => !TITLE_SAYS_ALL.has(code))).toEqual([]);
});

test.each([
  'configuration',
  'no_answer',
  'unexpected_answer',
  'pin_params_refused',
  'pin_against_policy',
  'pin_weak',
  'sealed_key_refused',
  'certificate_refused',
  'receipt_refused',
  'card_wrong_secret',
  'card_damaged',
  'card_version',
  'card_empty',
  'card_unsafe',
  'signature_refused',
  'nothing_to_resume',
] as const)('the error %s of the SDK says what to do', (code) => {
  const error = new SdkError(code, 'what was found, and where');
  expect(error.hint).toMatch(FIRST_WORDS);
});
