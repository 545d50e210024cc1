import { createHmac } from 'node:crypto';
import type { Response } from 'express';
import type { Config } from '../../config/load-config.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { openRateCounters, type Rate, type RateState } from '../../store/rate-counters.ts';
import type { LimitName } from './rate-table.ts';
import { UsedUp } from './used-up.ts';

declare global {
  namespace Express {
    interface Locals {
      /** How often this caller was refused for its limit in this window, this time included. */
      refusals?: number;
    }
  }
}

export interface RateLimits {
  /**
   * Counts `points` for a subject. `res`, when there is an answer to come, is told what is left. Errors: `too_many_requests`.
   */
  spend(limit: LimitName, subject: string, points: number, res?: Response): Promise<void>;
  /** Refuses a subject that has nothing left, as far as this process has seen. Costs nothing. Errors: `too_many_requests`. */
  refuseUsedUp(limit: LimitName, subject: string, res?: Response): void;
  /** Remembers a refused subject by another name too: one that is known before anything is read. */
  remember(limit: LimitName, otherName: string, resetMs: number): void;
  close(): Promise<void>;
}

type Settings = Pick<
  Config<'api'>,
  | 'rateLimits'
  | 'rateAddress'
  | 'rateToken'
  | 'rateUser'
  | 'rateClient'
  | 'rateClientUser'
  | 'rateClientReset'
  | 'rateOperator'
  | 'rateOperatorReset'
  | 'databaseUrl'
  | 'tokenKeys'
>;

/** The limits of the configuration, over counters that all API processes have in common. */
export function rateLimits(config: Settings): RateLimits {
  if (!config.rateLimits) return NO_LIMITS;
  const rates = ratesOf(config);
  const { counters, close } = openRateCounters<LimitName>(config.databaseUrl, rates);
  const usedUp = new UsedUp(Date.now);
  const keyOf = hashedKey(config);
  return {
    spend: async (limit, subject, points, res) => {
      const key = keyOf(limit, subject);
      const state = await counters[limit].spend(key, points);
      if (state.remaining === 0) usedUp.note(key, state.resetMs);
      if (res !== undefined) tell(res, limit, rates[limit], state);
      if (!state.allowed) throw refusal(limit, state.resetMs, usedUp.refused(key), res);
    },
    refuseUsedUp: (limit, subject, res) => {
      const key = keyOf(limit, subject);
      const resetMs = usedUp.resetMs(key);
      if (resetMs > 0) throw refusal(limit, resetMs, usedUp.refused(key), res);
    },
    remember: (limit, otherName, resetMs) => usedUp.note(keyOf(limit, otherName), resetMs),
    close,
  };
}

const NO_LIMITS: RateLimits = {
  spend: async () => undefined,
  refuseUsedUp: () => undefined,
  remember: () => undefined,
  close: async () => undefined,
};

function ratesOf(config: Settings): Record<LimitName, Rate> {
  return {
    address: config.rateAddress,
    token: config.rateToken,
    user: config.rateUser,
    client: config.rateClient,
    'client-user': config.rateClientUser,
    'client-reset': config.rateClientReset,
    operator: config.rateOperator,
    'operator-reset': config.rateOperatorReset,
  };
}

/** Every process of the API has the token keys; without them nobody finds an address or a user in the table by trying. */
function hashedKey({ tokenKeys }: Settings): (limit: LimitName, subject: string) => string {
  const { key } = tokenKeys.current;
  return (limit, subject) => createHmac('sha256', key).update(`rate-limit-v1\0${limit}\0${subject}`).digest('base64url');
}

/** draft-ietf-httpapi-ratelimit-headers: what is allowed, and what is left of it. */
function tell(res: Response, limit: LimitName, { points, seconds }: Rate, { remaining, resetMs }: RateState): void {
  if (res.headersSent) return;
  res.append('RateLimit-Policy', `"${limit}";q=${points};w=${seconds}`);
  res.append('RateLimit', `"${limit}";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`);
}

function refusal(limit: LimitName, resetMs: number, refusals: number, res?: Response): ServiceError {
  if (res !== undefined) res.locals.refusals = refusals;
  return new ServiceError('too_many_requests', `The limit for each ${limit} is used up.`, { limit }, Math.ceil(resetMs / 1_000));
}
