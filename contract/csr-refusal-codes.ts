/**
 * Every way in which a CSR submission is refused, in the order in which the gate looks:
 * size, text encoding, DER, PKCS#10 profile, key policy, challenge and delivery binding, signature, key claim.
 * `hint` names the usual mistake of a mobile developer; it is sent to the device and printed in docs/errors.md.
 */
export const CSR_REFUSALS = {
  csr_too_large: { title: 'The CSR is larger than 16 KiB', hint: 'Send only the PKCS#10 request, not a certificate chain.' },
} as const satisfies Record<string, { title: string; hint: string }>;

export type CsrRefusalCode = keyof typeof CSR_REFUSALS;
