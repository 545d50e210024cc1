import { CSR_REFUSALS, isCsrRefusalCode } from '../../contract/csr-refusal-codes.ts';
import { KEY_TYPES } from '../../contract/key-types.ts';
import type { CsrCase, CsrCases } from '../csr-cases-file.ts';
import { REFUSED_CASES } from './all-cases.ts';
import { CHALLENGE_KEY } from './build-request.ts';
import type { Case } from './refusal-case.ts';
import { SOUND_CASES } from './sound-cases.ts';

/**
 * The case tables as data. Keys and ECDSA signatures are random: a case that `old` has by its id keeps its input, so that making the file
 * again changes only what was added, renamed or removed. To draw all anew, delete csr-cases.json first.
 */
export function makeCsrCases(old: CsrCases | undefined): CsrCases {
  const before = new Map(old?.cases.map((one) => [one.id, one.input]));
  return {
    $schema: './csr-cases.schema.json',
    about: 'Requests that the Certificate Service accepts or refuses, see README.md. TEST KEYS ONLY: every key in this file is public.',
    version: 1,
    context: { challengeKeys: [CHALLENGE_KEY], allowedKeyTypes: [...KEY_TYPES] },
    cases: [...soundCases(), ...refusedCases()].map((one) => ({ ...one, input: before.get(one.id) ?? one.input })),
  };
}

function soundCases(): CsrCase[] {
  return KEY_TYPES.flatMap((keyType) =>
    SOUND_CASES[keyType].map((one) => toCase(one, { outcome: 'accepted', keyType }, 'protocol §3, RFC 2986 §4')),
  );
}

function refusedCases(): CsrCase[] {
  return Object.entries(REFUSED_CASES).flatMap(([code, cases]) => {
    if (!isCsrRefusalCode(code)) throw new Error(`${code} is no code of the gate`);
    return cases.map((one) => toCase(one, { outcome: 'refused', code }, CSR_REFUSALS[code].rule));
  });
}

function toCase([reason, submission, reference]: Case, expected: CsrCase['expected'], rule: string): CsrCase {
  const { csrText, deliveryKey, enrollmentId, receivedAt } = submission;
  const input = { csr: csrText, ...(deliveryKey === undefined ? {} : { deliveryKey }), enrollmentId, receivedAt: receivedAt.toISOString() };
  return { id: idOf(expected, reason), input, expected, reason, reference: reference ?? rule };
}

function idOf(expected: CsrCase['expected'], reason: string): string {
  const words = reason.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return `${expected.outcome === 'accepted' ? 'accepted' : expected.code}/${words.join('-')}`;
}
