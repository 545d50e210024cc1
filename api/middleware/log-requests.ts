import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** Not HTTP: the caller went before the answer. */
const HUNG_UP = 499;

/** One line a request, by allow-list: no header, no body, no address, no query. */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    const begun = process.hrtime.bigint();
    res.on('close', () => {
      const ms = Number((process.hrtime.bigint() - begun) / 1_000_000n);
      log.info(
        {
          requestId: res.locals.requestId,
          method: req.method,
          route: routeOf(req),
          status: res.writableFinished ? res.statusCode : HUNG_UP,
          ms,
        },
        'request',
      );
    });
    next();
  };
}

/** The pattern, not the path: paths hold ids of users. */
function routeOf({ baseUrl, route }: { baseUrl: string; route?: { path?: string } }): string {
  return `${baseUrl}${route?.path ?? ''}` || 'unknown';
}
