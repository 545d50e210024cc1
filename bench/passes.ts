import { cpus } from 'node:os';
import type { Client } from '@temporalio/client';
import type { KeyType } from '../contract/key-types.ts';
import { atConcurrency } from './at-concurrency.ts';
import { type EnrolledOnce, enrollOnce } from './enroll-once.ts';
import { NOOP_SHAPES, type NoopShape } from './noop-messages.ts';
import { runNoop } from './noop-stack.ts';
import type { BenchOptions, PinCase } from './options.ts';
import { type Preparing, prepareDevices } from './prepare-devices.ts';
import { type CpuMs, cpuSoFar, difference, machineBusyMs } from './process-costs.ts';

/** One kind of pass: real enrollments of a key type and PIN case, or a shape that does nothing. */
export type Kind =
  | { name: string; what: 'enrollment'; keyType: KeyType; pinCase: PinCase }
  | { name: string; what: 'no-op'; shape: NoopShape };

export interface Pass {
  kind: Kind;
  count: number;
  seconds: number;
  /** Finished a second of wall time. */
  rate: number;
  /** Milliseconds inside the clock. */
  totalMs: readonly number[];
  /** By step; none for a no-op. */
  steps: readonly Readonly<Record<string, number>>[];
  /** Milliseconds of device work between the calls, mean. */
  deviceMs: number;
  /** CPU milliseconds of one enrollment by process, `client` (this process) included. */
  cpuMs: CpuMs;
  /** Cores that all other processes of the machine kept busy meanwhile. */
  othersCores: number;
  workflowIds: readonly string[];
  certificates: readonly string[];
}

export interface Bench extends Preparing {
  temporal: Client;
  /** Processes whose CPU is counted, by name. */
  pids: Readonly<Record<string, number>>;
}

/** No-op and real ones in turn, so that a noisy minute meets both. */
export function kindsOf({ keys, pins }: Pick<BenchOptions, 'keys' | 'pins'>): Kind[] {
  const real = keys.flatMap((keyType) =>
    pins.map((pinCase): Kind => ({ name: `${keyType} ${pinCase}`, what: 'enrollment', keyType, pinCase })),
  );
  const noops = NOOP_SHAPES.map((shape): Kind => ({ name: `no-op ${shape}`, what: 'no-op', shape }));
  const longest = Math.max(real.length, noops.length);
  return Array.from({ length: longest }, (_, index) => [noops[index], real[index]])
    .flat()
    .filter((kind) => kind !== undefined);
}

/** One pass at a concurrency. What devices prepare is made before the clock and the CPU counters start. */
export async function runPass(bench: Bench, kind: Kind, count: number, concurrency: number): Promise<Pass> {
  const work = await workOf(bench, kind, count, concurrency);
  const before = { cpu: cpuSoFar(bench.pids), busy: machineBusyMs(), at: performance.now() };
  const done = await work();
  const seconds = (performance.now() - before.at) / 1_000;
  const spent = difference(before.cpu, cpuSoFar(bench.pids));
  const othersMs = machineBusyMs() - before.busy - sum(Object.values(spent));
  return {
    kind,
    count,
    seconds,
    rate: count / seconds,
    totalMs: done.map(({ totalMs }) => totalMs),
    steps: done.flatMap((one) => ('stepMs' in one ? [one.stepMs] : [])),
    deviceMs: sum(done.map((one) => ('deviceMs' in one ? one.deviceMs : 0))) / count,
    cpuMs: Object.fromEntries(Object.entries(spent).map(([name, ms]) => [name, ms / count])),
    othersCores: Math.max(othersMs / (seconds * 1_000), 0),
    workflowIds: done.map((one) => ('workflowId' in one ? one.workflowId : `enr-${one.enrollmentId}`)),
    certificates: done.flatMap((one) => ('certificates' in one ? one.certificates : [])),
  };
}

type Done = EnrolledOnce | { workflowId: string; totalMs: number };

async function workOf(bench: Bench, kind: Kind, count: number, concurrency: number): Promise<() => Promise<Done[]>> {
  if (kind.what === 'no-op') {
    const places = Array.from({ length: count }, (_, place) => place);
    return () => atConcurrency(places, concurrency, () => runNoop(bench.temporal, kind.shape));
  }
  const { keyType, pinCase } = kind;
  const devices = await prepareDevices(bench, { count, concurrency, keyType, pinCase });
  await bench.accessToken();
  return () => atConcurrency(devices, concurrency, async (device) => enrollOnce(bench.https, device, await bench.accessToken()));
}

/** The rate at which these CPU costs fill all cores: independent of what others do on the machine, an upper bound of what is reached. */
export function cpuBoundRate({ cpuMs }: Pick<Pass, 'cpuMs'>): number {
  return (cpus().length * 1_000) / sum(Object.values(cpuMs));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
