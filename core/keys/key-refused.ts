import type { CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';

export type KeyRefusalCode = Extract<CsrRefusalCode, `key_${string}` | `delivery_key_${string}`>;

/** A public key that breaks the policy. `offset` counts octets from the start of the SubjectPublicKeyInfo. */
export class KeyRefused extends Error {
  override readonly name = 'KeyRefused';

  constructor(
    readonly code: KeyRefusalCode,
    detail: string,
    readonly offset?: number,
  ) {
    super(detail);
  }
}
