import pg from 'pg';
import { expect } from 'vitest';

/** What a third connection holds meanwhile, for example `SELECT 1 FROM enrollment WHERE id = $1 FOR UPDATE`. */
export interface Held {
  url: string;
  statement: string;
  values: unknown[];
}

/**
 * Plays two transactions in a forced order: both need what is held, the second begins when the first waits, then both may go on.
 * PostgreSQL serves who waits for a lock in the order of asking.
 */
export async function inLockOrder<One, Two>(held: Held, first: () => Promise<One>, second: () => Promise<Two>): Promise<[One, Two]> {
  const [holder, watcher] = [await connected(held.url), await connected(held.url)];
  const untilWaiting = (count: number) => expect.poll(() => waiting(watcher), { timeout: 20_000, interval: 10 }).toBe(count);
  try {
    await holder.query('BEGIN');
    await holder.query(held.statement, held.values);
    const one = started(first);
    await untilWaiting(1);
    const two = started(second);
    await untilWaiting(2);
    await holder.query('COMMIT');
    return [await one, await two];
  } finally {
    await Promise.all([holder.end(), watcher.end()]);
  }
}

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

/** A rejection is the test's to see, when it awaits; not the runner's before. */
function started<Result>(work: () => Promise<Result>): Promise<Result> {
  const begun = work();
  begun.catch(() => undefined);
  return begun;
}

/** Outside of the holder's transaction, which would see its first answer for ever. */
async function waiting(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows[0]?.n ?? 0;
}
