import type { Logger } from 'pino';
import type { EnrollmentGateway } from '../api/gateway.ts';
import type { EvidenceKey } from '../core/evidence/evidence-key.ts';
import { type Loop, startLoop } from '../process/loop.ts';
import type { CheckpointRule } from '../store/audit-checkpoint.ts';
import type { Database } from '../store/database.ts';
import { checkpointAudit } from './audit-checkpoints.ts';
import type { PublishedEvidence } from './published-evidence.ts';
import { signTimelines } from './timeline-signer.ts';

export interface EvidenceParts {
  db: Database;
  log: Logger;
  evidence: EvidenceKey;
  published: PublishedEvidence;
  rule: CheckpointRule;
  history: EnrollmentGateway['history'];
}

export interface EvidenceLoops {
  /** The loop that makes the key known to verifiers. */
  readonly publishing: Loop;
  stop(): Promise<void>;
}

/** What the evidence key does beside receipts, each in a loop of its own, none needs Temporal: its public half is published, the audit chain signed, timelines signed for who asked. */
export function startEvidenceLoops(parts: EvidenceParts): EvidenceLoops {
  const loop = (name: string, seconds: number, turn: () => Promise<void>) => startLoop(name, seconds, turn, parts.log, () => new Date());
  const publishing = loop('evidence key', 60, () => parts.published.publish());
  const others = [loop('audit checkpoint', 5, () => checkpointAudit(parts)), loop('timelines', 1, () => signTimelines(parts))];
  return { publishing, stop: async () => void (await Promise.all([publishing, ...others].map((each) => each.stop()))) };
}
