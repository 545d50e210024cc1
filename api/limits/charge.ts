import type { Request } from 'express';
import type { ApiDeps } from '../deps.ts';
import { expressPath } from '../express-path.ts';
import { RATE_TABLE, type SubjectLimit } from './rate-table.ts';

const BY_ROUTE = new Map<string, readonly SubjectLimit[]>(Object.entries(RATE_TABLE).map(([call, limits]) => [expressPath(call), limits]));

/**
 * Spends, of the limits that this call has, those whose subjects are proven now; the caller is then no longer counted by address.
 * Errors: `too_many_requests`.
 */
export async function charge(
  { limits }: Pick<ApiDeps, 'limits'>,
  req: Request,
  proven: Partial<Record<SubjectLimit, string>>,
): Promise<void> {
  if (req.res !== undefined) req.res.locals.callerProven = true;
  const wanted = BY_ROUTE.get(`${req.method} ${routePath(req)}`) ?? [];
  await Promise.all(
    wanted.map(async (limit) => {
      const subject = proven[limit];
      if (subject !== undefined) await limits.spend(limit, subject, 1, req.res);
    }),
  );
}

function routePath({ route }: Request): string {
  const path: unknown = typeof route === 'object' && route !== null ? Reflect.get(route, 'path') : undefined;
  return typeof path === 'string' ? path : '';
}
