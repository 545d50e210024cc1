import type { Logger } from 'pino';
import type { EnrollmentGateway } from '../api/gateway.ts';
import { type EvidenceKey, publicEvidenceJwk } from '../core/evidence/evidence-key.ts';
import { startLoop } from '../process/loop.ts';
import type { CheckpointRule } from '../store/audit-checkpoint.ts';
import type { Database } from '../store/database.ts';
import { publishEvidenceKey } from '../store/evidence-keys.ts';
import { checkpointAudit } from './audit-checkpoints.ts';
import { signTimelines } from './timeline-signer.ts';

export interface EvidenceParts {
  db: Database;
  log: Logger;
  evidence: EvidenceKey;
  rule: CheckpointRule;
  history: EnrollmentGateway['history'];
}

/** What the evidence key does beside receipts, each in a loop of its own, none needs Temporal: its public half is published, the audit chain signed, timelines signed for who asked. */
export function startEvidenceLoops(parts: EvidenceParts): { stop(): Promise<void> } {
  const { db, log, evidence } = parts;
  const loops = [
    startLoop(
      'evidence key',
      60,
      () => publishEvidenceKey(db, evidence.kid, publicEvidenceJwk(evidence)),
      log,
      () => new Date(),
    ),
    startLoop(
      'audit checkpoint',
      5,
      () => checkpointAudit(parts),
      log,
      () => new Date(),
    ),
    startLoop(
      'timelines',
      1,
      () => signTimelines(parts),
      log,
      () => new Date(),
    ),
  ];
  return { stop: async () => void (await Promise.all(loops.map((loop) => loop.stop()))) };
}
