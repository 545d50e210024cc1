import { setTimeout as sleep } from 'node:timers/promises';
import type { CommitMishap } from './commit-proxy.ts';
import type { FaultyStack } from './faulty-stack.ts';

/** What is done to the service from outside. */
export const FAULTS = [
  'kill-api',
  'kill-worker',
  'kill-issuer',
  'drop-connections',
  'postgres-fast',
  'postgres-immediate',
  'temporal',
  'late-commits',
  'cut-commits',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A fault that has begun, so that the process that stands at a point may go on. */
export interface Inflicted {
  /** When it was over, of `performance.now()`; undefined when it found nothing to do. */
  over: Promise<number | undefined>;
}

/**
 * Begins a fault. Most are over by then: a killed process is dead, connections are cut, a restarted server serves again. Those of COMMITs
 * are met by whoever commits while it lasts, the process at the point first of all.
 */
export async function inflict(stack: FaultyStack, fault: Fault): Promise<Inflicted> {
  if (fault === 'late-commits') return { over: disturbCommits(stack, 'late') };
  if (fault === 'cut-commits') return { over: disturbCommits(stack, 'cut') };
  await breakPart(stack, fault);
  return { over: Promise.resolve(performance.now()) };
}

type PartFault = Exclude<Fault, 'late-commits' | 'cut-commits'>;

async function breakPart({ supervisor, dropConnections, restartPostgres, restartTemporal }: FaultyStack, fault: PartFault): Promise<void> {
  switch (fault) {
    case 'kill-api':
      return supervisor.kill('api');
    case 'kill-worker':
      return supervisor.kill('worker');
    case 'kill-issuer':
      return supervisor.kill('issuer');
    case 'drop-connections':
      return dropConnections();
    case 'postgres-fast':
      return restartPostgres('fast');
    case 'postgres-immediate':
      return restartPostgres('immediate');
    case 'temporal':
      return restartTemporal();
  }
}

/** Long enough for the transactions of several steps, and for repetitions that meet it again. */
const DISTURBED_MS = 2_000;
const PATIENCE_MS = 20_000;
const LOOK_MS = 50;

/** Every COMMIT for two seconds, longer until one was met: carried out, and its answer late or cut. */
async function disturbCommits({ commits }: FaultyStack, mishap: CommitMishap): Promise<number | undefined> {
  const before = commits.met;
  const begun = performance.now();
  commits.meet(mishap);
  const lasts = (ms: number) => performance.now() - begun < ms;
  while (lasts(DISTURBED_MS) || (commits.met === before && lasts(PATIENCE_MS))) await sleep(LOOK_MS);
  commits.meet(undefined);
  return commits.met === before ? undefined : performance.now();
}
