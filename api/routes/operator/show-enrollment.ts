import type { Request, Response } from 'express';
import { isEnrollmentId } from '../../../contract/ids.ts';
import { ServiceError } from '../../../contract/service-error.ts';
import { isOpen } from '../../../contract/states.ts';
import { inspectEnrollment } from '../../../store/inspect-enrollment.ts';
import type { ApiDeps } from '../../deps.ts';
import { requireOperator } from '../../middleware/operator.ts';
import { renderInspected } from '../../render-inspected.ts';

/** GET /v1/operator/enrollments/{id}. Rows, and of an open one what its run says; never fails over Temporal. May be repeated. */
export const showEnrollment =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const actor = await requireOperator(deps, req);
    const id = String(req.params['id']);
    const found = isEnrollmentId(id) ? await inspectEnrollment(deps.db, id, actor) : undefined;
    if (found === undefined) throw new ServiceError('enrollment_not_found', 'There is no such enrollment.');
    const process = isOpen(found.enrollment.state) ? await deps.gateway.process(found.enrollment.id) : undefined;
    res.json(renderInspected(found, deps.config, process));
  };
