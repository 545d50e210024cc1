import { signEvidence, verifyEvidence } from './evidence-jws.ts';
import type { EvidenceJwk, EvidenceKey } from './evidence-key.ts';

/** A place of the chain and its hash (hex). */
export interface ChainPlace {
  readonly seq: number;
  readonly hash: string;
}

/** What a checkpoint says: the chain up to `seq` has this hash; it continues the checkpoint at `prevSeq`. */
export interface CheckpointClaims extends ChainPlace {
  readonly prevSeq: number;
  readonly prevHash: string;
  readonly rows: number;
  /** JSON time, the database's clock. */
  readonly at: string;
}

export interface SignedCheckpoint extends CheckpointClaims {
  readonly kid: string;
  readonly jws: string;
}

/** Signs a checkpoint; compact JWS, typ `cs-audit-checkpoint+jws`. */
export async function signCheckpoint(claims: CheckpointClaims, key: EvidenceKey): Promise<SignedCheckpoint> {
  const { seq, hash, prevSeq, prevHash, rows, at } = claims;
  const jws = await signEvidence('cs-audit-checkpoint+jws', JSON.stringify({ seq, hash, prevSeq, prevHash, rows, at }), key);
  return { ...claims, kid: key.kid, jws };
}

/** The claims of a checkpoint whose signature verifies, or a sentence. */
export async function readCheckpoint(
  jws: string,
  keys: readonly EvidenceJwk[],
): Promise<{ ok: true; claims: CheckpointClaims; kid: string } | { ok: false; reason: string }> {
  const verdict = await verifyEvidence('cs-audit-checkpoint+jws', jws, keys);
  if (!verdict.ok) return verdict;
  const claims = toClaims(verdict.payload);
  return claims === undefined ? { ok: false, reason: 'Its claims are not those of a checkpoint.' } : { ok: true, claims, kid: verdict.kid };
}

const HASH = /^[0-9a-f]{64}$/;

function toClaims(payload: unknown): CheckpointClaims | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { seq, hash, prevSeq, prevHash, rows, at }: Partial<Record<keyof CheckpointClaims, unknown>> = payload;
  if (!isCount(seq) || !isCount(prevSeq) || !isCount(rows) || rows !== seq - prevSeq) return undefined;
  if (!isHash(hash) || !isHash(prevHash) || typeof at !== 'string') return undefined;
  return { seq, hash, prevSeq, prevHash, rows, at };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value);
}
