import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { DECIDED_BY_DATABASE } from '../../conformance/csr-cases/decided-by-database.ts';
import { NO_LONGER_GIVEN } from '../../conformance/csr-cases/no-longer-given.ts';
import { type CsrCase, readCsrCases } from '../../conformance/csr-cases-file.ts';
import { CSR_REFUSALS } from '../../contract/csr-refusal-codes.ts';
import { toEnrollmentId } from '../../contract/ids.ts';
import { findPrivateKey } from '../../core/csr/find-private-key.ts';
import { type CsrVerdict, judgeCsr } from '../../core/csr/judge-csr.ts';
import { keyRing } from '../../core/key-ring.ts';

const file = readCsrCases();
const { allowedKeyTypes } = file.context;
const challengeKeys = keyRing(file.context.challengeKeys.map(({ kid, key }) => ({ kid, key: Buffer.from(key, 'hex') })));

function judge({ input }: CsrCase): CsrVerdict {
  const { csr: csrText, deliveryKey, enrollmentId, receivedAt } = input;
  const submission = { csrText, deliveryKey, enrollmentId: toEnrollmentId(enrollmentId), receivedAt: new Date(receivedAt) };
  return judgeCsr(submission, { challengeKeys, allowedKeyTypes });
}

function outcomeOf(verdict: CsrVerdict): CsrCase['expected'] {
  return verdict.ok ? { outcome: 'accepted', keyType: verdict.keyType } : { outcome: 'refused', code: verdict.refusal.code };
}

describe('conformance/csr-cases.json', () => {
  test('fits its schema, and the schema refuses a case without its reason', () => {
    const schema: unknown = JSON.parse(readFileSync(new URL('../../conformance/csr-cases.schema.json', import.meta.url), 'utf8'));
    const validate = new Ajv2020({ allErrors: true }).compile(Object(schema));
    validate(file);
    expect(validate.errors).toBeNull();
    expect(validate({ ...file, cases: file.cases.map(({ reason: _left, ...rest }) => rest) })).toBe(false);
  });

  test('holds at least 150 cases, each under its own id, and one at least for every code that a request alone can meet', () => {
    expect(file.cases.length).toBeGreaterThanOrEqual(150);
    expect(new Set(file.cases.map(({ id }) => id)).size).toBe(file.cases.length);
    const codes = new Set(file.cases.flatMap(({ expected }) => (expected.outcome === 'refused' ? [expected.code] : [])));
    expect([...codes, ...DECIDED_BY_DATABASE, ...NO_LONGER_GIVEN].toSorted()).toEqual(Object.keys(CSR_REFUSALS).toSorted());
  });

  test.each(file.cases)('$id', (one) => {
    expect(outcomeOf(judge(one))).toEqual(one.expected);
  });

  test('a private key is found before anything is stored in every such case, and in no other', () => {
    for (const { id, input, expected } of file.cases) {
      const isKey = expected.outcome === 'refused' && /private/.test(expected.code);
      expect({ id, found: findPrivateKey(input.csr, input.deliveryKey)?.code }).toEqual({ id, found: isKey ? expected.code : undefined });
    }
  });
});
