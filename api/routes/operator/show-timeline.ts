import { setTimeout as sleep } from 'node:timers/promises';
import type { EnrollmentId } from '../../../contract/ids.ts';
import { ServiceError } from '../../../contract/service-error.ts';
import { tellTimeline } from '../../../core/timeline/tell-timeline.ts';
import { appendAudit } from '../../../store/audit.ts';
import { type Database, inDatabase } from '../../../store/database.ts';
import type { EnrollmentRow } from '../../../store/enrollment-row.ts';
import { readEnrollmentRow } from '../../../store/read-enrollment.ts';
import { readTimelineRows } from '../../../store/timeline.ts';
import { readSignedTimeline, requestTimeline } from '../../../store/timeline-request.ts';
import { requireEnrollmentId } from '../../middleware/enrollment-id.ts';
import { type OperatorCall, operatorCall } from '../../middleware/operator.ts';

const SIGNED_WAIT_MS = 10_000;
const SIGNED_POLL_MS = 200;

/**
 * GET /v1/operator/enrollments/{id}/timeline: the whole story from audit and workflow; with `?signed=true` as one signed document
 * (`application/jose`, compact JWS), made by the enrollment worker. Never fails over Temporal. May be repeated; each is audited.
 * Errors: `enrollment_id_malformed`, `enrollment_not_found`; `service_unavailable` when no worker signs in time.
 */
export const showTimeline = operatorCall('operator.timeline', async (call) => {
  const id = requireEnrollmentId(call.req);
  if (call.req.query['signed'] === 'true') await sendSigned(call, id);
  else await sendStory(call, id);
});

/** What is signed reads the worker itself; here it is enough that there is something to tell. */
async function sendSigned({ deps: { db }, res, actor }: OperatorCall, id: EnrollmentId): Promise<void> {
  const enrollment = await readEnrollmentRow(db, id);
  if (enrollment === undefined) throw unknown();
  await audit(db, actor, enrollment, true);
  res.type('application/jose').send(await signedTimeline(db, id, actor));
}

async function sendStory({ deps: { db, gateway }, res, actor }: OperatorCall, id: EnrollmentId): Promise<void> {
  const rows = await readTimelineRows(db, id);
  if (rows === undefined) throw unknown();
  await audit(db, actor, rows.enrollment, false);
  res.json(tellTimeline({ ...rows, events: await gateway.history(id) }));
}

async function audit(db: Database, actor: string, { id: enrollmentId, userId, state }: EnrollmentRow, signed: boolean): Promise<void> {
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

function unknown(): ServiceError {
  return new ServiceError('enrollment_not_found', 'There is no such enrollment.');
}
