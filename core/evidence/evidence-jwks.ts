import type { EvidenceJwk } from './evidence-key.ts';

/** The named parser of published evidence keys: a JWK Set (RFC 7517 §5) or its list of keys. Members that are none are left out. */
export function toEvidenceJwks(value: unknown): EvidenceJwk[] {
  const list: unknown = typeof value === 'object' && value !== null && Object.hasOwn(value, 'keys') ? Reflect.get(value, 'keys') : value;
  return Array.isArray(list) ? list.flatMap(toEvidenceJwk) : [];
}

function toEvidenceJwk(value: unknown): EvidenceJwk[] {
  if (typeof value !== 'object' || value === null) return [];
  const { kty, crv, x, y, kid }: Partial<Record<keyof EvidenceJwk, unknown>> = value;
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string' || typeof kid !== 'string') return [];
  return [{ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }];
}
