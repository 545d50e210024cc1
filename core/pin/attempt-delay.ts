/** Seconds from the n-th wrong PIN in a row to the next try, n = 1 to 10 (protocol §3). */
export const ATTEMPT_DELAYS_SECONDS = [0, 0, 0, 30, 60, 300, 900, 1_800, 3_600, 3_600] as const;

/** `n` counts from 1. Beyond the table, where the PIN is locked, the last delay stays. Throws on anything but a positive integer. */
export function delaySeconds(n: number): number {
  if (!Number.isInteger(n) || n < 1) throw new Error('wrong PINs are counted from 1');
  return ATTEMPT_DELAYS_SECONDS[n - 1] ?? 3_600;
}
