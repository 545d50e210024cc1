export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** Nearest rank: the smallest value that at least that share of all values does not exceed. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export interface Spread {
  median: number;
  least: number;
  most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: percentiles(values).p50, least: Math.min(...values), most: Math.max(...values) };
}
