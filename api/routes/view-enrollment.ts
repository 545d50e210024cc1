import type { Request, Response } from 'express';
import type { EnrollmentReading } from '../../store/read-enrollment.ts';
import type { ApiDeps } from '../deps.ts';
import { requireDeviceOrClient } from '../middleware/caller.ts';
import { renderView } from '../render-view.ts';
import { saltKeyHeld } from '../salt-key-held.ts';
import { ensureStarted } from '../where-it-stands.ts';

/** GET /v1/enrollments/{id}. State and deadlines from the rows; `process` from the run, when a worker answers. May be repeated. */
export const getEnrollment =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { by, reading } = await requireDeviceOrClient(deps, req, 'enrollment:read');
    await ensureStarted(deps, reading).catch(() => undefined); // a view never fails over Temporal
    reportLostSalt(deps, reading);
    const wanted = by === 'token-service' || req.query['process'] === 'true';
    const process = wanted ? await deps.gateway.process(reading.enrollment.id) : undefined;
    res.json(renderView(reading, deps.config, by === 'device', process));
  };

/** The device is told to wait, so somebody must hear why. */
function reportLostSalt({ log, config }: ApiDeps, { enrollment: { id, state }, pin }: EnrollmentReading): void {
  if (state !== 'awaiting-pin' || pin === undefined || saltKeyHeld(pin, config)) return;
  log.error({ enrollmentId: id, saltKid: pin.saltKid }, 'the PIN salt key of a user is retired: put it back, or reset the PIN');
}
