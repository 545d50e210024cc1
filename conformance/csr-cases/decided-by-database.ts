import type { CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';

/** What only the database can decide: no request can show it by itself. */
export const DECIDED_BY_DATABASE = ['key_is_ours', 'key_blocked', 'key_in_use'] as const satisfies CsrRefusalCode[];
