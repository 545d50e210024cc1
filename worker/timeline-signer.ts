import { createHash } from 'node:crypto';
import type { EnrollmentId } from '../contract/ids.ts';
import type { WorkflowEvent } from '../contract/timeline.ts';
import { signEvidence } from '../core/evidence/evidence-jws.ts';
import type { EvidenceKey } from '../core/evidence/evidence-key.ts';
import { signedForm } from '../core/timeline/signed-form.ts';
import { tellTimeline } from '../core/timeline/tell-timeline.ts';
import type { Database } from '../store/database.ts';
import { readTimelineRows } from '../store/timeline.ts';
import { answerTimelineRequest, forgetTimelineRequests, openTimelineRequests, type TimelineRequest } from '../store/timeline-request.ts';

export interface TimelineSignerDeps {
  db: Database;
  evidence: EvidenceKey;
  history: (id: EnrollmentId) => Promise<WorkflowEvent[] | 'unavailable' | undefined>;
}

/**
 * One turn: signs the timelines that somebody asked for. What is signed this process itself reads and tells, from rows and histories; a
 * request carries nothing but an id, so that nobody gets a signature over words of their own (ADR 38). May be repeated.
 */
export async function signTimelines(deps: TimelineSignerDeps): Promise<void> {
  const open = await openTimelineRequests(deps.db);
  // One that cannot be answered must not hold up those behind it; it is forgotten within the hour.
  const answers = await Promise.allSettled(open.map((request) => answer(deps, request)));
  await forgetTimelineRequests(deps.db);
  const failed = answers.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function answer({ db, evidence, history }: TimelineSignerDeps, request: TimelineRequest): Promise<void> {
  const rows = await readTimelineRows(db, request.enrollmentId);
  if (rows === undefined) return answerTimelineRequest(db, request, undefined);
  const timeline = signedForm(tellTimeline({ ...rows, events: await history(request.enrollmentId) }));
  const text = JSON.stringify({ exportedFor: request.actor, timeline });
  const sha256 = createHash('sha256').update(text).digest('hex');
  const jws = await signEvidence('cs-timeline+jws', text, evidence);
  await answerTimelineRequest(db, request, { jws, kid: evidence.kid, sha256 });
}
