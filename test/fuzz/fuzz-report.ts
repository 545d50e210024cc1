import type { Judged } from './judge-input.ts';
import type { FuzzInput } from './make-input.ts';

/** What a run of the fuzzer found. Times are processor milliseconds of one judgement, memory octets. */
export interface FuzzReport {
  inputs: number;
  seconds: number;
  byKind: Record<string, number>;
  byOutcome: Record<string, number>;
  ms: { median: number; p99: number; slowest: number; slowestSeed: number };
  memory: { largestGrowth: number; largestSeed: number; peakHeap: number; peakRss: number };
}

export interface FuzzTally {
  add(input: FuzzInput, judged: Judged): void;
  report(): FuzzReport;
}

const RSS_EVERY = 64;

export function fuzzTally(): FuzzTally {
  const begun = Date.now();
  const times: { ms: number; seed: number }[] = [];
  const byKind: Record<string, number> = {};
  const byOutcome: Record<string, number> = {};
  const memory = { largestGrowth: 0, largestSeed: -1, peakHeap: 0, peakRss: 0 };
  return {
    add({ seed, kind }, { outcome, ms, heapOctets }) {
      times.push({ ms, seed });
      byKind[kind] = (byKind[kind] ?? 0) + 1;
      byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1;
      if (heapOctets > memory.largestGrowth) Object.assign(memory, { largestGrowth: heapOctets, largestSeed: seed });
      if (times.length % RSS_EVERY !== 0) return;
      const { heapUsed, rss } = process.memoryUsage();
      memory.peakHeap = Math.max(memory.peakHeap, heapUsed);
      memory.peakRss = Math.max(memory.peakRss, rss);
    },
    report() {
      const sorted = times.toSorted((a, b) => a.ms - b.ms);
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? { ms: 0, seed: -1 };
      const ms = { median: at(0.5).ms, p99: at(0.99).ms, slowest: at(1).ms, slowestSeed: at(1).seed };
      return { inputs: times.length, seconds: (Date.now() - begun) / 1_000, byKind, byOutcome, ms, memory };
    },
  };
}
