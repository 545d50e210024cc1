export interface RevocationMoment {
  /** The true instant, as the row has it. */
  readonly revokedAt: Date;
  /** Of the certificate; undefined when nobody knows it. */
  readonly notBefore: Date | undefined;
  /** The date that the CRL before gives; it never changes. */
  readonly listed: Date | undefined;
}

/**
 * revocationDate of an entry (RFC 5280 §5.1.2.6): as it was listed before; of a new entry the
 * instant less the back-date, not before the certificate's notBefore. Never after thisUpdate
 * (zlint: crl_revocation_time_not_after_this_update). Whole seconds. Pure. ADR 58.
 */
export function revocationDateOf(
  { revokedAt, notBefore, listed }: RevocationMoment,
  crl: { readonly thisUpdate: Date; readonly backdateSeconds: number },
): Date {
  const backDated = Math.max(revokedAt.getTime() - crl.backdateSeconds * 1_000, notBefore?.getTime() ?? 0);
  const at = Math.min(listed?.getTime() ?? backDated, crl.thisUpdate.getTime());
  return new Date(Math.floor(at / 1_000) * 1_000);
}
