import { createHmac } from 'node:crypto';
import type { Response } from 'express';
import type { Config } from '../../config/load-config.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { openRateCounters, type Rate, type RateState } from '../../store/rate-counters.ts';
import type { LimitName } from './rate-table.ts';

export interface RateLimits {
  /**
   * Counts `points` for a subject. `res`, when there is an answer to come, is told what is left. Errors: `too_many_requests`.
   */
  spend(limit: LimitName, subject: string, points: number, res?: Response): Promise<void>;
  /** How long this subject has nothing left, as far as this process has seen; 0 when it has. Costs nothing. */
  blockedMs(limit: LimitName, subject: string): number;
  close(): Promise<void>;
}

type Settings = Pick<
  Config<'api'>,
  'rateLimits' | 'rateAddress' | 'rateToken' | 'rateUser' | 'rateClient' | 'rateOperator' | 'databaseUrl' | 'tokenKeys'
>;

/** The limits of the configuration, over counters that all API processes have in common. */
export function rateLimits(config: Settings): RateLimits {
  if (!config.rateLimits) return { spend: async () => undefined, blockedMs: () => 0, close: async () => undefined };
  const { rateAddress: address, rateToken: token, rateUser: user, rateClient: client, rateOperator: operator } = config;
  const rates = { address, token, user, client, operator };
  const { counters, close } = openRateCounters<LimitName>(config.databaseUrl, rates);
  const blocked = new Map<string, number>();
  const keyOf = hashedKey(config);
  return {
    spend: async (limit, subject, points, res) => {
      const key = keyOf(limit, subject);
      const state = await counters[limit].spend(key, points);
      if (state.remaining === 0) block(blocked, key, state);
      if (res !== undefined) tell(res, limit, rates[limit], state);
      if (!state.allowed) throw tooMany(limit, state.resetMs);
    },
    blockedMs: (limit, subject) => Math.max((blocked.get(keyOf(limit, subject)) ?? 0) - Date.now(), 0),
    close,
  };
}

/** Every process of the API has the token keys; without them nobody finds an address or a user in the table by trying. */
function hashedKey({ tokenKeys }: Settings): (limit: LimitName, subject: string) => string {
  const { key } = tokenKeys.current;
  return (limit, subject) => createHmac('sha256', key).update(`rate-limit-v1\0${limit}\0${subject}`).digest('base64url');
}

const MOST_BLOCKED = 10_000;

/** Bounded: the oldest entry goes, whose owner then costs a statement again. */
function block(blocked: Map<string, number>, key: string, { resetMs }: RateState): void {
  blocked.delete(key);
  blocked.set(key, Date.now() + resetMs);
  const [oldest] = blocked.keys();
  if (blocked.size > MOST_BLOCKED && oldest !== undefined) blocked.delete(oldest);
}

/** draft-ietf-httpapi-ratelimit-headers: what is allowed, and what is left of it. */
function tell(res: Response, limit: LimitName, { points, seconds }: Rate, { remaining, resetMs }: RateState): void {
  if (res.headersSent) return;
  res.append('RateLimit-Policy', `"${limit}";q=${points};w=${seconds}`);
  res.append('RateLimit', `"${limit}";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`);
}

export function tooMany(limit: LimitName, resetMs: number): ServiceError {
  return new ServiceError('too_many_requests', `The limit for each ${limit} is used up.`, { limit }, Math.ceil(resetMs / 1_000));
}
