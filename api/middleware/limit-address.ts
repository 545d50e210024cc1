import type { RequestHandler } from 'express';
import { addressKey } from '../limits/address-key.ts';
import type { RateLimits } from '../limits/rate-limits.ts';

declare global {
  namespace Express {
    interface Locals {
      /** The credential was good: the call is counted by what it proves, not by where it comes from. */
      callerProven?: boolean;
    }
  }
}

/** Where a caller shows it: in a header that may be wrong, or in the TLS handshake, which nobody without one gets through. */
export type Credential = 'header' | 'tls';

/** A refused credential costs its address as much as ten requests: verifying is what is dear, and guessing is what is unwanted. */
const REFUSED_POINTS = 10;

/**
 * Counts by address whatever proves no caller. Who sends no credential pays before anything is done, who sends one afterwards, and only
 * if it was not good: one address may be a Token Service, or ten thousand phones behind a carrier. Errors: `too_many_requests`.
 */
export function limitAddress(limits: RateLimits, credential: Credential = 'header'): RequestHandler {
  return async (req, res, next) => {
    const address = addressKey(req.ip ?? '');
    limits.refuseUsedUp('address', address, res);
    const paid = credential === 'tls' || req.headers.authorization !== undefined ? 0 : 1;
    // Also who hangs up before the answer: the work was done.
    res.on('close', () => {
      const due = (res.statusCode === 401 || !res.writableFinished ? REFUSED_POINTS : 1) - paid;
      // Whether it was allowed is the question of the next request.
      if (res.locals.callerProven !== true && due > 0) void limits.spend('address', address, due).catch(() => undefined);
    });
    if (paid > 0) await limits.spend('address', address, paid, res);
    next();
  };
}
