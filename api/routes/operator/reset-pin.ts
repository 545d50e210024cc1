import { operatorCall } from '../../middleware/operator.ts';
import { resetUserPin } from '../../reset-user-pin.ts';
import { userIdOf } from '../user-pin.ts';

/** DELETE /v1/operator/users/{userId}/pin: removes the PIN, the only way out of a lock, and ends the user's open enrollments. May be repeated. */
export const resetPinRoute = operatorCall('operator.pin-reset', async ({ deps, req, res, actor }) => {
  await resetUserPin(deps, userIdOf(req), actor);
  res.status(204).end();
});
