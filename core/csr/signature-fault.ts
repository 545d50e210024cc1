/** Why a signature does not verify, in a sentence that says what to do; `offset` counts octets from its first one. */
export interface SignatureFault {
  readonly detail: string;
  readonly offset: number;
  /** The sentence of the standard, where it is closer than the usual one. */
  readonly rule?: string;
}
