/** How long and how much one key thread works. Source: protocol §7. */
export interface ThreadBounds {
  /** Keys that one thread makes before it is replaced. */
  readonly keys: number;
  /** Milliseconds from the first order of a thread within which it must have exited: what a later one made is thrown away. */
  readonly lifeMs: number;
  readonly now: () => Date;
}

export const DEFAULT_KEYS = 20;
export const DEFAULT_LIFE_MS = 60_000;

/** A thread is told to end this long before it must be gone. */
export function exitMs({ lifeMs }: ThreadBounds): number {
  return Math.min(2_000, lifeMs / 10);
}

/** Nobody waits longer for the exit of a thread that goes on with other people's keys: one RSA-2048 key takes 150 ms. */
const BATCH_MS = 250;

/** No key is begun later than this after the first: generation cannot be interrupted, and RSA-4096 takes seconds on a busy machine. */
export function lastOrderMs({ lifeMs }: ThreadBounds): number {
  return Math.min(BATCH_MS, lifeMs / 2);
}
