import type { EndedResponse } from '../../../contract/operator-http.ts';
import { ServiceError } from '../../../contract/service-error.ts';
import { endByOperator } from '../../../store/end-by-operator.ts';
import { requireEnrollmentId } from '../../middleware/enrollment-id.ts';
import { operatorCall } from '../../middleware/operator.ts';
import { readAgain, refusalAt } from '../../where-it-stands.ts';

/**
 * POST /v1/operator/enrollments/{id}/cancel. Ends the row itself, so that a stuck enrollment ends also while Temporal is away (ADR 26);
 * its run is told and finds the row ended. May be repeated: what has ended is shown as it ended.
 */
export const postCancel = operatorCall('operator.cancel', async ({ deps, req, res, actor }) => {
  const id = requireEnrollmentId(req);
  const ended = await endByOperator(deps.db, id, actor);
  if (ended === undefined) throw new ServiceError('enrollment_not_found', 'There is no such enrollment.');
  if (ended.ended) void deps.gateway.nudge(id);
  if (ended.state === 'completed') throw refusalAt(deps, await readAgain(deps, id), 'enrollment_completed');
  const code = ended.code === undefined ? {} : { code: ended.code };
  res.json({ enrollmentId: id, state: ended.state, ...code } satisfies EndedResponse);
});
