import type { z } from 'zod';
import { type ListResponse, listQuery } from '../../../contract/operator-http.ts';
import { OPEN_STATES, type State } from '../../../contract/states.ts';
import { type ListCriteria, listEnrollments } from '../../../store/list-enrollments.ts';
import { badCursor, decodeCursor, encodeCursor } from '../../cursor.ts';
import { operatorCall } from '../../middleware/operator.ts';
import { renderListed } from '../../render-inspected.ts';

const PAGE = 50;

/** GET /v1/operator/enrollments. May be repeated; each time is one audit row that names what was asked for. */
export const listEnrollmentsRoute = operatorCall('operator.list', async ({ deps, req, res, actor }) => {
  const query = listQuery.parse({ ...req.query });
  const { cursor: _cursor, ...detail } = query;
  const page = await listEnrollments(deps.db, criteriaOf(query), { actor, action: 'operator.list', outcome: '', detail });
  const next = page.next === undefined ? {} : { next: encodeCursor([page.next.createdAt.toISOString(), page.next.id]) };
  res.json({ enrollments: page.enrollments.map(renderListed), ...next } satisfies ListResponse);
});

function criteriaOf({ state, limit = PAGE, cursor, ...columns }: z.output<typeof listQuery>): ListCriteria {
  const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
  return {
    ...given,
    limit,
    ...(state === undefined ? {} : { states: statesOf(state) }),
    ...(cursor === undefined ? {} : { after: placeOf(cursor) }),
  };
}

function statesOf(state: State | 'open'): readonly State[] {
  return state === 'open' ? OPEN_STATES : [state];
}

function placeOf(cursor: string): { createdAt: Date; id: string } {
  const [instant, id] = decodeCursor(cursor, /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/);
  const createdAt = new Date(instant);
  if (Number.isNaN(createdAt.getTime())) throw badCursor();
  return { createdAt, id };
}
