import { cpus, loadavg } from 'node:os';
import type { Finding, Rule } from './check-enrollments.ts';
import type { DeviceStory } from './device-story.ts';
import type { FaultyStack } from './faulty-stack.ts';
import type { PointResult } from './run-points.ts';
import type { RandomResult } from './run-random.ts';

export interface Phase {
  runs: number;
  faults: number;
  enrollments: number;
  /** Devices whose user went on to the end; the others cancelled or never came back. */
  wanted: number;
  /** Of those who wanted it. */
  completed: number;
  /** How the stories ended: outcome and state, with their counts. */
  ends: Readonly<Record<string, number>>;
  doubled: number;
  lost: number;
  unexplained: number;
  /** Findings of every other rule. */
  other: number;
  /** Runs whose point was not reached: they prove nothing. */
  notReached: number;
  /** Processes that had not come back by themselves. */
  manualRestarts: number;
  slowestRecoveryMs: number;
  medianRecoveryMs: number;
  /** Until the devices of a run at a point were through; 0 for the random phase. */
  slowestThroughMs: number;
  slowestReadyMs: number;
}

/** The shape of docs/evidence/faults.json; `version` changes with it. */
export interface FaultSummary {
  kind: 'faults';
  version: 2;
  at: string;
  machine: { cores: number; load: number; node: string };
  seconds: number;
  seed: number;
  points?: Phase;
  random?: Phase;
  /** Restarts by the supervisor; ends that no fault of ours caused. */
  restarts: Readonly<Record<string, number>>;
  ownEnds: readonly string[];
  findings: readonly Finding[];
  /** One row a run at a point. */
  runs: readonly {
    point: string;
    process: string;
    fault: string;
    devices: string;
    recoveryMs: number | null;
    throughMs: number | null;
    findings: number;
  }[];
}

const NAMED: readonly Rule[] = ['doubled', 'lost', 'unexplained'];

function pointPhase(results: readonly PointResult[]): Phase {
  const stories = results.flatMap((result) => result.stories);
  return {
    runs: results.length,
    faults: results.filter(({ reached }) => reached).length,
    ...countEnds(stories),
    ...countFindings(results.flatMap(({ findings }) => findings)),
    notReached: results.filter(({ reached }) => !reached).length,
    manualRestarts: results.filter(({ stuckProcess }) => stuckProcess !== undefined).length,
    ...recoveries(results.flatMap(({ recoveryMs }) => recoveryMs ?? [])),
    slowestThroughMs: Math.max(0, ...results.flatMap(({ throughMs }) => throughMs ?? [])),
    slowestReadyMs: Math.max(0, ...results.flatMap(({ readyMs }) => readyMs ?? [])),
  };
}

function randomPhase({ stories, faults, findings, stuckProcess }: RandomResult): Phase {
  return {
    runs: 1,
    faults: faults.length,
    ...countEnds(stories),
    ...countFindings(findings),
    notReached: 0,
    manualRestarts: stuckProcess === undefined ? 0 : 1,
    ...recoveries(faults.flatMap(({ recoveryMs }) => recoveryMs ?? [])),
    slowestThroughMs: 0,
    slowestReadyMs: 0,
  };
}

export interface Outcome {
  seed: number;
  begun: number;
  points: readonly PointResult[];
  random: RandomResult | undefined;
}

export function summarise({ supervisor }: FaultyStack, { seed, begun, points, random }: Outcome): FaultSummary {
  return {
    kind: 'faults',
    version: 2,
    at: new Date().toISOString(),
    machine: { cores: cpus().length, load: loadavg()[0] ?? 0, node: process.version },
    seconds: Math.round((performance.now() - begun) / 1_000),
    seed,
    ...(points.length === 0 ? {} : { points: pointPhase(points) }),
    ...(random === undefined ? {} : { random: randomPhase(random) }),
    restarts: supervisor.restarts,
    ownEnds: supervisor.ownEnds,
    findings: [...points.flatMap(({ findings }) => findings), ...(random?.findings ?? [])],
    runs: points.map(({ point, process, fault, stories, recoveryMs, throughMs, findings }) => ({
      point,
      process,
      fault,
      devices: stories.map(({ outcome }) => outcome).join(', '),
      recoveryMs: recoveryMs ?? null,
      throughMs: throughMs ?? null,
      findings: findings.length,
    })),
  };
}

function countEnds(stories: readonly DeviceStory[]): Pick<Phase, 'enrollments' | 'wanted' | 'completed' | 'ends'> {
  const wanted = stories.filter(({ course }) => course === 'complete');
  const ends: Record<string, number> = {};
  for (const { outcome, end } of stories) {
    const words = end === undefined ? outcome : `${outcome} ${end}`;
    ends[words] = (ends[words] ?? 0) + 1;
  }
  const completed = wanted.filter(({ outcome }) => outcome === 'completed').length;
  return { enrollments: stories.length, wanted: wanted.length, completed, ends };
}

function countFindings(findings: readonly Finding[]): Pick<Phase, 'doubled' | 'lost' | 'unexplained' | 'other'> {
  const of = (rule: Rule) => findings.filter((one) => one.rule === rule).length;
  const other = findings.filter(({ rule }) => !NAMED.includes(rule)).length;
  return { doubled: of('doubled'), lost: of('lost'), unexplained: of('unexplained'), other };
}

function recoveries(milliseconds: readonly number[]): Pick<Phase, 'slowestRecoveryMs' | 'medianRecoveryMs'> {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  return { slowestRecoveryMs: sorted.at(-1) ?? 0, medianRecoveryMs: sorted[Math.floor(sorted.length / 2)] ?? 0 };
}
