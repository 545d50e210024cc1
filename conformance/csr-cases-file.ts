import { readFileSync } from 'node:fs';
import type { CsrRefusalCode } from '../contract/csr-refusal-codes.ts';
import type { KeyType } from '../contract/key-types.ts';

export interface CsrCase {
  /** `<expected code, or accepted>/<title in kebab-case>`. */
  id: string;
  /** What a CSR service is given: text of the request, JSON value of the delivery key (absent: none was sent), enrollment, time of arrival. */
  input: { csr: string; deliveryKey?: unknown; enrollmentId: string; receivedAt: string };
  expected: { outcome: 'accepted'; keyType: KeyType } | { outcome: 'refused'; code: CsrRefusalCode };
  /** What is wrong with the input, or why it is sound. */
  reason: string;
  /** The sentence of a standard, or of docs/protocol.md, that decides. */
  reference: string;
}

/** `conformance/csr-cases.json`. Every key in it is a test key. */
export interface CsrCases {
  $schema: string;
  about: string;
  version: 1;
  context: { challengeKeys: { kid: string; key: string }[]; allowedKeyTypes: KeyType[] };
  cases: CsrCase[];
}

export const CSR_CASES_FILE = new URL('./csr-cases.json', import.meta.url);

/** Reads the cases; a test holds them against `csr-cases.schema.json`. */
export function readCsrCases(): CsrCases {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- our own file; a test holds it against its JSON schema
  const cases: CsrCases = JSON.parse(readFileSync(CSR_CASES_FILE, 'utf8'));
  return cases;
}
