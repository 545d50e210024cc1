import { CompactSign, compactVerify, importJWK } from 'jose';
import { isCanonicalBase64url } from '../../contract/base64url.ts';
import type { EvidenceJwk, EvidenceKey } from './evidence-key.ts';

/** What the evidence key signs. The type keeps one from passing for another. */
export type EvidenceType = 'cs-receipt+jws' | 'cs-audit-checkpoint+jws' | 'cs-timeline+jws';

export type EvidenceVerdict =
  | { readonly ok: true; readonly payload: unknown; readonly kid: string }
  | { readonly ok: false; readonly reason: string };

/** Signs a JSON document by the evidence key: compact JWS, ES256, header exactly alg, typ, kid. */
export function signEvidence(typ: EvidenceType, text: string, { kid, privateKey }: EvidenceKey): Promise<string> {
  return new CompactSign(new TextEncoder().encode(text)).setProtectedHeader({ alg: 'ES256', typ, kid }).sign(privateKey);
}

/** Verifies what `signEvidence` made, by the key that `kid` names among `keys`. Never throws over the text: a reason is a sentence. */
export async function verifyEvidence(typ: EvidenceType, jws: string, keys: readonly EvidenceJwk[]): Promise<EvidenceVerdict> {
  const header = jws.split('.').every(isCanonicalBase64url) ? headerOf(jws) : undefined;
  if (header === undefined) return refused('It is not a compact JWS.');
  if (header.typ !== typ || header.alg !== 'ES256' || header.members !== 3) return refused(`Its header is not that of ${typ} by ES256.`);
  const jwk = keys.find(({ kid }) => kid === header.kid);
  if (jwk === undefined) return refused('Its kid names no evidence key that is known here.');
  try {
    const { payload } = await compactVerify(jws, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] });
    return { ok: true, kid: jwk.kid, payload: JSON.parse(new TextDecoder().decode(payload)) };
  } catch {
    return refused('Its signature does not verify.');
  }
}

function headerOf(jws: string): { alg: unknown; typ: unknown; kid: unknown; members: number } | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString());
    if (typeof header !== 'object' || header === null) return undefined;
    const member = (name: string): unknown => Reflect.get(header, name);
    return { alg: member('alg'), typ: member('typ'), kid: member('kid'), members: Object.keys(header).length };
  } catch {
    return undefined;
  }
}

function refused(reason: string): EvidenceVerdict {
  return { ok: false, reason };
}
