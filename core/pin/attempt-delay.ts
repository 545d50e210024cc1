/** Seconds until the next try after the n-th wrong PIN in a row (protocol §3). */
const DELAYS_SECONDS = [0, 0, 0, 30, 60, 300, 900, 1_800, 3_600, 3_600] as const;

/** `n` counts from 1; beyond the table the last delay stays. */
export function delaySeconds(n: number): number {
  return DELAYS_SECONDS[Math.min(Math.max(n, 1), DELAYS_SECONDS.length) - 1] ?? 0;
}
