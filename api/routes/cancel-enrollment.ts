import type { Request, Response } from 'express';
import { ServiceError } from '../../contract/service-error.ts';
import { isOpen } from '../../contract/states.ts';
import { appendAudit } from '../../store/audit.ts';
import { inDatabase } from '../../store/database.ts';
import type { ApiDeps } from '../deps.ts';
import { type EnrollmentCaller, requireDeviceOrClient } from '../middleware/caller.ts';
import { renderView } from '../render-view.ts';
import { askRun, ensureStarted, readAgain, refusalAt } from '../where-it-stands.ts';

/** DELETE /v1/enrollments/{id}: ends an open enrollment as `cancelled`. May be repeated: an ended one is shown as it ended. */
export const cancelEnrollment =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const caller = await requireDeviceOrClient(deps, req, 'enrollment:cancel');
    if (isOpen(caller.reading.enrollment.state)) await cancel(deps, caller, res.locals.requestId);
    const after = await readAgain(deps, caller.reading.enrollment.id);
    const { state } = after.enrollment;
    if (state === 'completed') throw refusalAt(deps, after, 'enrollment_completed');
    if (isOpen(state)) throw new ServiceError('service_unavailable', 'The cancellation could not be processed now.', {}, 2);
    res.json(renderView(after, deps.config, caller.by === 'device'));
  };

async function cancel(deps: ApiDeps, caller: EnrollmentCaller, requestId: string): Promise<void> {
  const { reading } = caller;
  await auditRequest(deps, caller);
  await ensureStarted(deps, reading);
  try {
    await askRun(deps, reading, () => deps.gateway.cancel(reading.enrollment.id, requestId));
  } catch (error) {
    const after = await readAgain(deps, reading.enrollment.id);
    if (isOpen(after.enrollment.state)) throw error;
  }
}

/** Before the run is asked: Temporal keeps an update that was not accepted yet in memory only, and the end, which says `workflow`, would be nobody's wish. */
async function auditRequest({ db }: ApiDeps, { by, reading }: EnrollmentCaller): Promise<void> {
  const { id: enrollmentId, userId, clientId, state } = reading.enrollment;
  const actor = by === 'device' ? by : `token-service:${clientId}`;
  await inDatabase(() => appendAudit(db, { actor, action: 'enrollment.cancel', enrollmentId, userId, outcome: state }));
}
