import type { CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';

/** Codes of outcomes that older versions stored. They are read and answered again, never given anew. */
export const NO_LONGER_GIVEN = ['csr_profile_attribute_order'] as const satisfies CsrRefusalCode[];
