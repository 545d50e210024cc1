import { parseArgs } from 'node:util';
import { FAULT_POINTS, type FaultPoint } from '../faults/fault-points.ts';
import { FAULTS, type Fault } from './inflict-fault.ts';

export interface FaultOptions {
  points: readonly FaultPoint[];
  faults: readonly Fault[];
  /** Only each n-th run of points × faults. */
  step: number;
  /** Enrollments of the random phase; 0: no such phase. */
  random: number;
  concurrency: number;
  /** Decides which fault comes when, and what each user does. */
  seed: number;
  /** File for the results. */
  out: string | undefined;
}

export const USAGE = `npm run faults -- [options]
  --points <list>      only these named points (all)
  --faults <list>      only these faults (${FAULTS.join(',')})
  --step <n>           only each n-th run of points × faults; 8 visits every point and every fault (1)
  --random <n>         enrollments under random faults after that; 0: none (300)
  --concurrency <n>    of them at the same time (4)
  --seed <n>           of the random schedule (1)
  --out <file>         results as JSON, for example docs/evidence/faults.json`;

/** Throws one sentence on anything it does not know. */
export function readOptions(args: readonly string[]): FaultOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      points: { type: 'string' },
      faults: { type: 'string' },
      step: { type: 'string', default: '1' },
      random: { type: 'string', default: '300' },
      concurrency: { type: 'string', default: '4' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    points: listOf(FAULT_POINTS, 'points', values.points),
    faults: listOf(FAULTS, 'faults', values.faults),
    step: whole('step', values.step, 1),
    random: whole('random', values.random, 0),
    concurrency: whole('concurrency', values.concurrency, 1),
    seed: whole('seed', values.seed, 0),
    out: values.out,
  };
}

function whole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least) throw new Error(`--${name} is a whole number from ${least} on.`);
  return number;
}

function listOf<Item extends string>(known: readonly Item[], name: string, text: string | undefined): readonly Item[] {
  if (text === undefined) return known;
  return text.split(',').map((part) => {
    const found = known.find((item) => item === part.trim());
    if (found === undefined) throw new Error(`--${name}: ${part} is none of ${known.join(', ')}.`);
    return found;
  });
}
