import { PROBLEMS } from '../contract/error-codes.ts';
import type { ServiceError } from '../contract/service-error.ts';

/** The header WWW-Authenticate that a refused credential is answered with (RFC 6750 §3); undefined for any other refusal. */
export function bearerChallenge({ code, extras }: ServiceError): string | undefined {
  if (code === 'insufficient_scope') return `Bearer error="insufficient_scope", scope="${String(extras['scope'])}"`;
  return PROBLEMS[code].status === 401 ? `Bearer error="${code}"` : undefined;
}
