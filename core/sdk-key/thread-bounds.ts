/** How long and how much one key thread works. Source: protocol §7. */
export interface ThreadBounds {
  /** Keys that one thread makes before it is replaced. */
  readonly keys: number;
  /** Milliseconds from the first order of a thread until it has certainly exited. */
  readonly lifeMs: number;
  readonly now: () => Date;
}

export const DEFAULT_KEYS = 20;
export const DEFAULT_LIFE_MS = 60_000;

/** A thread is told to end this long before it must be gone. */
export function exitMs({ lifeMs }: ThreadBounds): number {
  return Math.min(2_000, lifeMs / 10);
}

/** No key is begun later than this before the end: generation cannot be interrupted, and RSA-4096 takes seconds on a busy machine. */
export function longestOrderMs({ lifeMs }: ThreadBounds): number {
  return Math.min(15_000, lifeMs / 4);
}
