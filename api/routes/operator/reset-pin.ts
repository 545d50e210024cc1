import type { Request, Response } from 'express';
import { resetPin } from '../../../store/user-pin.ts';
import type { ApiDeps } from '../../deps.ts';
import { requireOperator } from '../../middleware/operator.ts';
import { userIdOf } from '../user-pin.ts';

/** DELETE /v1/operator/users/{userId}/pin: removes the PIN, the only way out of a lock. May be repeated. */
export const resetPinRoute =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const actor = await requireOperator(deps, req);
    await resetPin(deps.db, userIdOf(req), actor);
    res.status(204).end();
  };
