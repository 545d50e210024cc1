import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64, submission } from '../../../conformance/csr-cases/build-request.ts';
import { readCsrCases } from '../../../conformance/csr-cases-file.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { refuseUnreadable } from '../../../core/csr/refuse-unreadable.ts';
import { deps } from './gate-deps.ts';

const refusalOf = (csrText: string) => {
  const verdict = judgeCsr(submission({ csrText }), deps);
  return verdict.ok ? undefined : verdict.refusal;
};
/** What only the enrollment or the policy of keys can say. */
const LATER = /^(key_|challenge_|delivery_key_|csr_signature_invalid|csr_profile_signature_algorithm)/;

describe('what is refused before it is stored', () => {
  test.each(readCsrCases().cases)('$id: the verdict of the whole gate, or none', ({ input: { csr } }) => {
    const early = refuseUnreadable(csr);
    const whole = refusalOf(csr);
    expect(early ?? whole).toEqual(whole);
    if (early === undefined && whole !== undefined) expect(whole.code).toMatch(LATER);
  });

  test('of any text and any octets too', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.uint8Array({ maxLength: 80 }).map(base64));
    fc.assert(
      fc.property(anything, (csr) => {
        expect(refuseUnreadable(csr)).toEqual(refusalOf(csr));
      }),
      { numRuns: 3_000 },
    );
  });
});
