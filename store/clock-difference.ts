import { databaseTime, type Executor } from './database.ts';

/**
 * How far the clock of this process is ahead of the database's (negative: behind), in milliseconds. 0 when the database's time lies
 * within the round trip: closer it cannot be known. May be repeated: it only reads.
 */
export async function clockDifferenceMs(db: Executor, now: () => number): Promise<number> {
  const before = now();
  const theirs = (await databaseTime(db)).getTime();
  const after = now();
  if (theirs < before) return before - theirs;
  return theirs > after ? after - theirs : 0;
}
