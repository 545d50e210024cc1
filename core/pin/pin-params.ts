/** Cost of one Argon2id run (RFC 9106). */
export interface ArgonCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** Version 1 of the PIN parameters, for device and server alike. The SDK refuses less; more is configuration. Source: protocol §3, PUT pin. */
export const PIN_PARAMS = { v: 1, memoryKib: 19_456, passes: 2, lanes: 1, hashOctets: 32 } as const;
