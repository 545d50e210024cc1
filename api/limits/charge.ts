import type { Request } from 'express';
import type { ApiDeps } from '../deps.ts';
import { expressPath } from '../express-path.ts';
import { RATE_TABLE, type SubjectLimit } from './rate-table.ts';

/** Who or what a call is counted by, as far as it is known. */
export type Subjects = Readonly<Partial<Record<SubjectLimit, string>>>;

const BY_ROUTE = new Map<string, readonly SubjectLimit[]>(Object.entries(RATE_TABLE).map(([call, limits]) => [expressPath(call), limits]));

/**
 * Refuses from memory whoever used up one of the limits that this call spends from, before anything is read or counted. For proven callers
 * only: the refusal is not charged to the address. Errors: `too_many_requests`.
 */
export function refuseUsedUp({ limits }: Pick<ApiDeps, 'limits'>, req: Request, subjects: Subjects): void {
  for (const [limit, subject] of spentBy(req, subjects)) limits.refuseUsedUp(limit, subject, req.res);
}

/**
 * Spends, of the limits that this call has, those whose subjects are given; the caller is proven then and not counted by address.
 * Errors: `too_many_requests`.
 */
export async function charge({ limits }: Pick<ApiDeps, 'limits'>, req: Request, subjects: Subjects): Promise<void> {
  if (req.res !== undefined) req.res.locals.callerProven = true;
  refuseUsedUp({ limits }, req, subjects);
  for (const [limit, subject] of spentBy(req, subjects)) await limits.spend(limit, subject, 1, req.res);
}

function spentBy(req: Request, subjects: Subjects): [SubjectLimit, string][] {
  const wanted = BY_ROUTE.get(`${req.method} ${routePath(req)}`) ?? [];
  return wanted.flatMap((limit): [SubjectLimit, string][] => {
    const subject = subjects[limit];
    return subject === undefined ? [] : [[limit, subject]];
  });
}

function routePath({ route }: Request): string {
  const path: unknown = typeof route === 'object' && route !== null ? Reflect.get(route, 'path') : undefined;
  return typeof path === 'string' ? path : '';
}
