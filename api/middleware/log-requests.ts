import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** Not HTTP: the caller went before the answer. */
const HUNG_UP = 499;
/** Of the refusals of one caller over its limit the first is written, then each hundredth, with their number. */
const SAMPLE = 100;

/** One line a request, by allow-list: no header, no body, no address, no query. Callers over a limit are sampled: they write no log full. */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    const begun = process.hrtime.bigint();
    res.on('close', () => {
      const { requestId, refusals } = res.locals;
      if (refusals !== undefined && refusals !== 1 && refusals % SAMPLE !== 0) return;
      const ms = Number((process.hrtime.bigint() - begun) / 1_000_000n);
      const status = res.writableFinished ? res.statusCode : HUNG_UP;
      log.info({ requestId, method: req.method, route: routeOf(req), status, ms, refusals }, 'request');
    });
    next();
  };
}

/** The pattern, not the path: paths hold ids of users. */
function routeOf({ baseUrl, route }: { baseUrl: string; route?: { path?: string } }): string {
  return `${baseUrl}${route?.path ?? ''}` || 'unknown';
}
