import type { Logger } from 'pino';
import { readCheckpoint, signCheckpoint } from '../core/evidence/audit-checkpoint.ts';
import { AUDIT_GENESIS } from '../core/evidence/audit-hash.ts';
import { toEvidenceJwks } from '../core/evidence/evidence-jwks.ts';
import type { EvidenceKey } from '../core/evidence/evidence-key.ts';
import { verifyAudit } from '../core/evidence/verify-audit.ts';
import { readAuditChain } from '../store/audit-chain.ts';
import { type CheckpointJob, type CheckpointRow, type CheckpointRule, writeCheckpoint } from '../store/audit-checkpoint.ts';
import type { Database, Executor } from '../store/database.ts';
import { readEvidenceKeys } from '../store/evidence-keys.ts';

export interface CheckpointDeps {
  db: Database;
  log: Logger;
  evidence: EvidenceKey;
  rule: CheckpointRule;
}

/**
 * One turn: signs a checkpoint when one is due. Only what this process itself followed, row by row from the last checkpoint whose signature
 * holds, is signed: an altered row is never covered by a signature that came later. Runs without Temporal; may be repeated.
 */
export async function checkpointAudit({ db, log, evidence, rule }: CheckpointDeps): Promise<void> {
  const written = await writeCheckpoint(db, rule, (tx, job) => sign(tx, job, evidence));
  if (written !== undefined) log.info({ seq: written.seq }, 'signed a checkpoint of the audit chain');
}

async function sign(tx: Executor, { last, end, at }: CheckpointJob, evidence: EvidenceKey): Promise<{ kid: string; jws: string }> {
  const start = last === undefined ? { seq: 0, hash: AUDIT_GENESIS } : await proven(tx, last);
  const entries = readAuditChain(tx, start.seq, end.seq);
  const verdict = await verifyAudit({ start, entries, checkpoints: [], keys: [] });
  if (!verdict.ok) throw broken(verdict.finding.what);
  if (verdict.through !== end.seq || verdict.hash !== end.hash)
    throw broken(`It ends at place ${verdict.through}, its head says ${end.seq}.`);
  return signCheckpoint({ ...end, prevSeq: start.seq, prevHash: start.hash, rows: end.seq - start.seq, at }, evidence);
}

/** Nobody's word is taken for the checkpoint before: its signature must hold. */
async function proven(tx: Executor, { seq, jws }: CheckpointRow): Promise<{ seq: number; hash: string }> {
  const signed = await readCheckpoint(jws, toEvidenceJwks(await readEvidenceKeys(tx)));
  if (!signed.ok) throw broken(`The checkpoint at place ${seq} does not hold: ${signed.reason}`);
  return { seq: signed.claims.seq, hash: signed.claims.hash };
}

function broken(what: string): Error {
  return new Error(`The audit chain is broken, nothing is signed. ${what} Look with: cs audit verify`);
}
