import { databaseTime, type Executor } from './database.ts';

const KEEP_MS = 10_000;

/**
 * The database's clock, asked once for all callers and at most every ten seconds; in between this process counts on with a clock that is
 * never set. While the database is away the last answer holds; before the first one it rejects with `service_unavailable`.
 */
export function databaseClock(db: Executor, now: () => number = () => performance.now()): () => Promise<Date> {
  let kept: { theirs: number; at: number } | undefined;
  let asking: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    const begun = now();
    const theirs = await databaseTime(db);
    // It was that late at some moment in between: half of a slow answer is the most that this is wrong by.
    kept = { theirs: theirs.getTime(), at: (begun + now()) / 2 };
  };
  const asked = (): Promise<void> => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return async () => {
    if (kept === undefined) await asked();
    else if (now() - kept.at >= KEEP_MS) await asked().catch(() => undefined);
    if (kept === undefined) throw new Error('the database gave no time');
    return new Date(kept.theirs + now() - kept.at);
  };
}
