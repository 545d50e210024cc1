/** How one try of a call went. */
export interface TryOutcome {
  /** Undefined: no answer (no connection, timeout, cut off in the middle). */
  readonly status: number | undefined;
  /** `code` of the problem document, when there was one. */
  readonly code: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

export const MAX_TRIES = 5;
/** A longer Retry-After is not slept through: the error names it, and the app resumes then. */
const LONGEST_PAUSE_SECONDS = 300;
const REPEATED = new Set([429, 502, 503, 504]);

/**
 * Milliseconds until the next try with the same octets, or undefined when there is none (protocol §1): repeat on no answer, 429, 502, 503,
 * 504; Retry-After, else 0.5 s doubling to 8 s with jitter; 5 tries; never on other codes nor on `pin_retry_later`.
 * @param tries how many have been made, from 1
 * @param random 0 ≤ random < 1
 */
export function pauseBeforeRetry({ status, code, retryAfterSeconds }: TryOutcome, tries: number, random: number): number | undefined {
  if (tries >= MAX_TRIES) return undefined;
  if (status !== undefined && (!REPEATED.has(status) || code === 'pin_retry_later')) return undefined;
  if (retryAfterSeconds !== undefined) return retryAfterSeconds > LONGEST_PAUSE_SECONDS ? undefined : retryAfterSeconds * 1000;
  // Between one half and the whole: devices that lost the same server do not come back in the same moment.
  return Math.min(8000, 500 * 2 ** (tries - 1)) * (0.5 + random / 2);
}
