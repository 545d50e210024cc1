import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { type EnrollmentId, isEnrollmentId } from '../../../contract/ids.ts';
import { ServiceError } from '../../../contract/service-error.ts';
import { tellTimeline } from '../../../core/timeline/tell-timeline.ts';
import { appendAudit } from '../../../store/audit.ts';
import { type Database, inDatabase } from '../../../store/database.ts';
import { readTimelineRows, type TimelineRows } from '../../../store/timeline.ts';
import { readSignedTimeline, requestTimeline } from '../../../store/timeline-request.ts';
import type { ApiDeps } from '../../deps.ts';
import { requireOperator } from '../../middleware/operator.ts';

const SIGNED_WAIT_MS = 10_000;
const SIGNED_POLL_MS = 200;

/**
 * GET /v1/operator/enrollments/{id}/timeline: the whole story from audit and workflow; with `?signed=true` as one signed document
 * (`application/jose`, compact JWS), made by the enrollment worker. Never fails over Temporal. May be repeated; each is audited.
 * Errors: `enrollment_not_found`; `service_unavailable` when no worker signs in time.
 */
export const showTimeline =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const actor = await requireOperator(deps, req);
    const id = String(req.params['id']);
    const rows = isEnrollmentId(id) ? await readTimelineRows(deps.db, id) : undefined;
    if (rows === undefined) throw new ServiceError('enrollment_not_found', 'There is no such enrollment.');
    const signed = req.query['signed'] === 'true';
    await audit(deps.db, actor, rows, signed);
    if (signed) res.type('application/jose').send(await signedTimeline(deps.db, rows.enrollment.id, actor));
    else res.json(tellTimeline({ ...rows, events: await deps.gateway.history(rows.enrollment.id) }));
  };

async function audit(db: Database, actor: string, { enrollment: { id: enrollmentId, userId, state } }: TimelineRows, signed: boolean) {
  await inDatabase(() => appendAudit(db, { actor, action: 'operator.timeline', enrollmentId, userId, outcome: state, detail: { signed } }));
}

async function signedTimeline(db: Database, enrollmentId: EnrollmentId, actor: string): Promise<string> {
  const id = await requestTimeline(db, enrollmentId, actor);
  for (let waited = 0; waited < SIGNED_WAIT_MS; waited += SIGNED_POLL_MS) {
    await sleep(SIGNED_POLL_MS);
    const jws = await readSignedTimeline(db, id);
    if (jws !== undefined) return jws;
  }
  throw new ServiceError('service_unavailable', 'No enrollment worker signed the timeline in time.', {}, 5);
}
