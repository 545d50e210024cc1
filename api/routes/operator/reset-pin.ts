import { resetPin } from '../../../store/user-pin.ts';
import { operatorCall } from '../../middleware/operator.ts';
import { userIdOf } from '../user-pin.ts';

/** DELETE /v1/operator/users/{userId}/pin: removes the PIN, the only way out of a lock. May be repeated. */
export const resetPinRoute = operatorCall('operator.pin-reset', async ({ deps, req, res, actor }) => {
  await resetPin(deps.db, userIdOf(req), actor);
  res.status(204).end();
});
