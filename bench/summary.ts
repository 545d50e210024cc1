import type { Checked } from './check-certificates.ts';
import type { HistorySizes } from './history-sizes.ts';
import { cpuBoundRate, type Pass } from './passes.ts';
import { type Percentiles, percentiles, type Spread, spreadOf } from './percentiles.ts';
import type { Memory } from './process-costs.ts';

/** All passes of one kind. */
export interface KindSummary {
  name: string;
  enrollments: number;
  rate: Spread;
  /** What the CPU costs alone would allow on all cores. */
  cpuBoundRate: number;
  totalMs: Percentiles;
  stepMs: Readonly<Record<string, Percentiles>>;
  deviceMs: number;
  cpuMs: Readonly<Record<string, number>>;
  othersCores: Spread;
  /** Rate of a round's pass divided by the no-op's of the same round; empty for the no-ops. */
  ratios: Readonly<Record<string, Spread & { cpuBound: number }>>;
  history: HistorySizes | undefined;
}

export interface Summary {
  machine: { cores: number; loadBefore: number; loadAfter: number; node: string };
  options: Readonly<Record<string, unknown>>;
  insideTheClock: string;
  kinds: readonly KindSummary[];
  /** CSR → credentials, one enrollment at a time. */
  idle: readonly { keyType: string; csrMs: Percentiles; totalMs: Percentiles; count: number }[];
  memory: Readonly<Record<string, Memory>>;
  certificates: Checked;
  targets: readonly Target[];
}

export interface Target {
  what: string;
  wanted: string;
  found: string;
  met: boolean;
}

/** `rounds[r]` has one pass of each kind, in the same order. */
export function summarize(rounds: readonly (readonly Pass[])[], histories: ReadonlyMap<string, HistorySizes>): KindSummary[] {
  return (rounds[0] ?? []).map((first, index) => {
    const passes = rounds.map((round) => round[index]).filter((pass) => pass !== undefined);
    return {
      name: first.kind.name,
      enrollments: passes.reduce((sum, { count }) => sum + count, 0),
      rate: spreadOf(passes.map(({ rate }) => rate)),
      cpuBoundRate: cpuBoundRate({ cpuMs: meanOf(passes.map(({ cpuMs }) => cpuMs)) }),
      totalMs: percentiles(passes.flatMap(({ totalMs }) => totalMs)),
      stepMs: stepPercentiles(passes.flatMap(({ steps }) => steps)),
      deviceMs: mean(passes.map(({ deviceMs }) => deviceMs)),
      cpuMs: meanOf(passes.map(({ cpuMs }) => cpuMs)),
      othersCores: spreadOf(passes.map(({ othersCores }) => othersCores)),
      ratios: first.kind.what === 'no-op' ? {} : ratiosOf(rounds, index),
      history: histories.get(first.kind.name),
    };
  });
}

function ratiosOf(rounds: readonly (readonly Pass[])[], index: number): KindSummary['ratios'] {
  const noops = [...(rounds[0] ?? []).entries()].filter(([, { kind }]) => kind.what === 'no-op');
  return Object.fromEntries(
    noops.map(([other, { kind }]) => {
      const pairs = rounds.map((round) => [round[index], round[other]] as const);
      const wall = spreadOf(pairs.map(([real, noop]) => (real?.rate ?? 0) / (noop?.rate ?? 1)));
      const cost = (side: 0 | 1) => cpuBoundRate({ cpuMs: meanOf(pairs.map((pair) => pair[side]?.cpuMs ?? {})) });
      return [kind.name, { ...wall, cpuBound: cost(0) / cost(1) }];
    }),
  );
}

function stepPercentiles(steps: Pass['steps']): Record<string, Percentiles> {
  const names = Object.keys(steps[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, percentiles(steps.map((step) => step[name] ?? 0))]));
}

function meanOf(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = Object.keys(records[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, mean(records.map((record) => record[name] ?? 0))]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
