/**
 * Reason codes of entries in a full CRL (RFC 5280 §5.3.1). `unspecified` (0) should be absent
 * instead; `removeFromCRL` (8) belongs to delta CRLs, and OpenSSL takes such an entry as good.
 */
export const REASON_CODES = {
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;
