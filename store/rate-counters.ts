import pg from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { keepPoolClean } from './keep-pool-clean.ts';

/** So many points in each window. */
export interface Rate {
  readonly points: number;
  readonly seconds: number;
}

/** What is left of a limit for one key. */
export interface RateState {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

export interface RateCounter {
  /** Counts and tells. Counts in the memory of this process, against a quarter of the limit, while the database does not answer. */
  spend(key: string, points: number): Promise<RateState>;
}

export interface RateCounters<Name extends string> {
  readonly counters: Readonly<Record<Name, RateCounter>>;
  close(): Promise<void>;
}

/** Counting must not wait for connections that calls hold, nor take many of them. */
const POOL = { max: 4, connectionTimeoutMillis: 2_000, query_timeout: 2_000, statement_timeout: 2_000 };
/** Several processes count for themselves then. */
const INSURED_SHARE = 4;

/** Counters in the table rate_limit, the same for all processes. Rows go an hour after their window, every five minutes. */
export function openRateCounters<Name extends string>(url: string, rates: Readonly<Record<Name, Rate>>): RateCounters<Name> {
  const pool = new pg.Pool({ connectionString: url, ...POOL });
  // An idle connection that the server closes is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  keepPoolClean(pool);
  const made = Object.entries<Rate>(rates).map(([name, rate]) => [name, counter(pool, name, rate)]);
  // oxlint-disable-next-line typescript/consistent-type-assertions, typescript/no-unsafe-type-assertion -- fromEntries forgets the keys
  return { counters: Object.fromEntries(made) as Record<Name, RateCounter>, close: () => pool.end() };
}

function counter(pool: pg.Pool, name: string, { points, seconds }: Rate): RateCounter {
  const quarter = Math.max(Math.floor(points / INSURED_SHARE), 1);
  const limiter = new RateLimiterPostgres({
    storeClient: pool,
    storeType: 'pool',
    tableName: 'rate_limit',
    tableCreated: true,
    keyPrefix: name,
    points,
    duration: seconds,
    // Whoever used all of it costs no statement more until the window ends.
    inMemoryBlockOnConsumed: points,
    insuranceLimiter: new RateLimiterMemory({ keyPrefix: name, points: quarter, duration: seconds }),
  });
  return {
    spend: (key, spent) =>
      limiter.consume(key, spent).then(
        (state) => toState(state, true),
        (refusal: unknown) => {
          if (refusal instanceof RateLimiterRes) return toState(refusal, false);
          throw refusal;
        },
      ),
  };
}

function toState({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): RateState {
  return { allowed, remaining: Math.max(remainingPoints, 0), resetMs: Math.max(msBeforeNext, 0) };
}
