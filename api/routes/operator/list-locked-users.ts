import { userIdSchema } from '../../../contract/http.ts';
import { type LockedUsersResponse, pageQuery } from '../../../contract/operator-http.ts';
import { lockedUsers } from '../../../store/locked-users.ts';
import { badCursor, cursorText, encodeCursor } from '../../cursor.ts';
import { operatorCall } from '../../middleware/operator.ts';

const PAGE = 100;

/** GET /v1/operator/locked-users. May be repeated; each time is one audit row. */
export const listLockedUsers = operatorCall('operator.locked-users', async ({ deps, req, res, actor }) => {
  const { limit = PAGE, cursor } = pageQuery.parse({ ...req.query });
  const after = cursor === undefined ? {} : { after: userOf(cursor) };
  const { users, next } = await lockedUsers(deps.db, { maxFailures: deps.config.maxPinFailures, limit, ...after }, actor);
  res.json({
    users: users.map(({ pinSince, ...same }) => ({ ...same, pinSince: pinSince.toISOString() })),
    ...(next === undefined ? {} : { next: encodeCursor([next]) }),
  } satisfies LockedUsersResponse);
});

function userOf(cursor: string): string {
  const parsed = userIdSchema.safeParse(cursorText(cursor));
  if (!parsed.success) throw badCursor();
  return parsed.data;
}
