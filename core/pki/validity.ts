import { ServiceError } from '../../contract/service-error.ts';
import { issuerFacts } from './issuer-facts.ts';

/** First and last instant of validity, both included (RFC 5280 §4.1.2.5), whole seconds. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * The validity that the certificates of one enrollment share (protocol §6): back-dated for clocks that are slow, never outside
 * the validity of any of `issuers` (certificates, DER). Pure. Throws `ServiceError` `issuer_unavailable` when they leave no time at all.
 */
export function validityFor(
  issuers: readonly Uint8Array[],
  now: Date,
  limits: { validityDays: number; backdateSeconds: number },
): Validity {
  const facts = issuers.map(issuerFacts);
  const start = Math.max(now.getTime() - limits.backdateSeconds * 1_000, ...facts.map(({ notBefore }) => notBefore.getTime()));
  const notBefore = Math.floor(start / 1_000) * 1_000;
  const end = notBefore + limits.validityDays * 86_400_000 - 1_000;
  const notAfter = Math.min(end, ...facts.map((issuer) => issuer.notAfter.getTime()));
  if (notAfter <= now.getTime())
    throw new ServiceError('issuer_unavailable', 'An issuing CA certificate has expired or ends now: renew the hierarchy.');
  return { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
}
