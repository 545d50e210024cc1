export interface CrlMoment {
  /** When the CRL is signed, by the clock that nextUpdate counts from. */
  readonly now: Date;
  readonly backdateSeconds: number;
  /** notBefore of the issuer's certificate. */
  readonly notBefore: Date;
  /** thisUpdate of the issuer's CRL before; undefined before the first one. */
  readonly before: Date | undefined;
}

/**
 * thisUpdate of a CRL: back-dated like notBefore of certificates, because OpenSSL grants a clock
 * that is a second slow nothing (ADR 58). Not before the issuer's notBefore, and not before the CRL
 * before; one from the future, made while the clock was ahead, binds nothing. Whole seconds. Pure.
 * RFC 5280 §5.1.2.4.
 */
export function thisUpdateOf({ now, backdateSeconds, notBefore, before }: CrlMoment): Date {
  const bounds = [notBefore, ...(before === undefined ? [] : [before])].map((at) => at.getTime());
  const latest = bounds.filter((at) => at <= now.getTime());
  const at = Math.max(now.getTime() - backdateSeconds * 1_000, ...latest);
  return new Date(Math.floor(at / 1_000) * 1_000);
}
