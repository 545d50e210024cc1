import type { Progress } from './progress.ts';

/**
 * One local activity of a run at a time. Two that are under way together may finish in either order, and a replay resolves them in the
 * order in which they began: two equal acknowledgements at the same moment made histories that could not be replayed (measured).
 */
export async function inTurn<Result>(progress: Progress, step: () => Promise<Result>): Promise<Result> {
  const before = progress.turn;
  const mine = before.then(step);
  progress.turn = mine.then(
    () => undefined,
    () => undefined,
  );
  return mine;
}
