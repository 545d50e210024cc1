import type { Request, Response } from 'express';

const MAX_WAIT_SECONDS = 25;

/** `Prefer: wait=N` (RFC 7240): how long the caller lets an answer take, in milliseconds; more than 25 s counts as 25. */
export function preferredWaitMs(req: Request, res: Response, presetSeconds: number): number {
  const [, digits] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(req.headers.prefer?.toString() ?? '') ?? [];
  if (digits === undefined) return presetSeconds * 1_000;
  const seconds = Math.min(Number(digits), MAX_WAIT_SECONDS);
  res.setHeader('Preference-Applied', `wait=${seconds}`);
  return seconds * 1_000;
}
