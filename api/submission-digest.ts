import { createHash } from 'node:crypto';
import type { CsrRequest } from '../contract/http.ts';
import { decodeCsrText } from '../core/csr/csr-text.ts';

/**
 * What makes two submissions the same: the DER of the CSR (or, when it is not decodable, its text), the delivery key by value, format
 * and SDK key type. SHA-256, 64 hex digits.
 */
export function submissionDigest({ csr, deliveryKey, deliveryFormat, sdkKey }: CsrRequest): string {
  const decoded = decodeCsrText(csr);
  const request = decoded.ok ? ['der', Buffer.from(decoded.der).toString('base64')] : ['text', csr];
  const value = [...request, sorted(deliveryKey), deliveryFormat, sdkKey ?? ''];
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function sorted(members: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
