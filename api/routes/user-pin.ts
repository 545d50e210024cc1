import type { Request, Response } from 'express';
import { type PinStatusResponse, userIdSchema } from '../../contract/http.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { inDatabase } from '../../store/database.ts';
import { pinStatusOf } from '../../store/user-pin.ts';
import type { ApiDeps } from '../deps.ts';
import { charge } from '../limits/charge.ts';
import { aboutUser, requireClient } from '../middleware/caller.ts';
import { resetUserPin } from '../reset-user-pin.ts';

/** GET /v1/users/{userId}/pin: `absent`, `present` or `locked`; an unknown user has none. */
export const getPinStatus =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { clientId } = await requireClient(deps, req, 'pin:read', () => String(req.params['userId']));
    const userId = userIdOf(req);
    await charge(deps, req, aboutUser(clientId, userId));
    const status = await inDatabase(() => pinStatusOf(deps.db, userId, deps.config.maxPinFailures));
    res.json({ status } satisfies PinStatusResponse);
  };

/** DELETE /v1/users/{userId}/pin: removes the PIN, the only way out of a lock, and ends the user's open enrollments. May be repeated. */
export const deletePin =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { clientId } = await requireClient(deps, req, 'pin:reset', () => String(req.params['userId']));
    const userId = userIdOf(req);
    await charge(deps, req, aboutUser(clientId, userId));
    await resetUserPin(deps, userId, `token-service:${clientId}`);
    res.status(204).end();
  };

/** The user of the path. Errors: `invalid_request`. */
export function userIdOf(req: Request): string {
  const parsed = userIdSchema.safeParse(req.params['userId']);
  if (!parsed.success) throw new ServiceError('invalid_request', 'The path holds no user id: 1 to 64 characters of A-Z a-z 0-9 . _ : -');
  return parsed.data;
}
