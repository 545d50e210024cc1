import { ServiceError } from '../../../contract/service-error.ts';
import { isOpen } from '../../../contract/states.ts';
import { inspectEnrollment } from '../../../store/inspect-enrollment.ts';
import { requireEnrollmentId } from '../../middleware/enrollment-id.ts';
import { operatorCall } from '../../middleware/operator.ts';
import { renderInspected } from '../../render-inspected.ts';

/** GET /v1/operator/enrollments/{id}. Rows, and of an open one what its run says; never fails over Temporal. May be repeated. */
export const showEnrollment = operatorCall('operator.show', async ({ deps, req, res, actor }) => {
  const found = await inspectEnrollment(deps.db, requireEnrollmentId(req), actor);
  if (found === undefined) throw new ServiceError('enrollment_not_found', 'There is no such enrollment.');
  const process = isOpen(found.enrollment.state) ? await deps.gateway.process(found.enrollment.id) : undefined;
  res.json(renderInspected(found, deps.config, process));
});
