import type { Request, Response } from 'express';

const MAX_WAIT_SECONDS = 25;

/** A device repeats a lost call and its earlier ones may still wait; more of them at once only hold connections. */
const MOST_WAITING = 8;
const waiting = new Map<string, number>();

/**
 * `Prefer: wait=N` (RFC 7240): how long the caller lets an answer take, in milliseconds; more than 25 s counts as 25. 0, and no
 * Preference-Applied, while eight calls of the same enrollment already wait in this process.
 */
export function preferredWaitMs(req: Request, res: Response, presetSeconds: number): number {
  const waitMs = wishedMs(req, res, presetSeconds);
  // An id may come in either case (RFC 9562 §4): the calls of one enrollment are counted as one.
  if (waitMs === 0 || mayWait(String(req.params['id']).toLowerCase(), res)) return waitMs;
  res.removeHeader('Preference-Applied');
  return 0;
}

function mayWait(enrollmentId: string, res: Response): boolean {
  const count = waiting.get(enrollmentId) ?? 0;
  // Gone while its credential was looked at: nobody would take it off the count again.
  if (count >= MOST_WAITING || res.closed) return false;
  waiting.set(enrollmentId, count + 1);
  res.once('close', () => {
    const left = (waiting.get(enrollmentId) ?? 1) - 1;
    if (left > 0) waiting.set(enrollmentId, left);
    else waiting.delete(enrollmentId);
  });
  return true;
}

function wishedMs(req: Request, res: Response, presetSeconds: number): number {
  const [, digits] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(req.headers.prefer?.toString() ?? '') ?? [];
  if (digits === undefined) return presetSeconds * 1_000;
  const seconds = Math.min(Number(digits), MAX_WAIT_SECONDS);
  res.setHeader('Preference-Applied', `wait=${seconds}`);
  return seconds * 1_000;
}
