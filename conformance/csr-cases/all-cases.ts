import type { CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';
import { BINDING_CASES } from './binding-cases.ts';
import type { DECIDED_BY_DATABASE } from './decided-by-database.ts';
import { ENCODING_CASES } from './encoding-cases.ts';
import { KEY_CASES } from './key-cases.ts';
import type { NO_LONGER_GIVEN } from './no-longer-given.ts';
import { PROFILE_CASES } from './profile-cases.ts';
import type { Case } from './refusal-case.ts';

type Without = (typeof DECIDED_BY_DATABASE)[number] | (typeof NO_LONGER_GIVEN)[number];

/** Every code of the closed list but those; one without a case does not compile. */
export const REFUSED_CASES: Record<Exclude<CsrRefusalCode, Without>, readonly Case[]> = {
  ...ENCODING_CASES,
  ...PROFILE_CASES,
  ...KEY_CASES,
  ...BINDING_CASES,
};
