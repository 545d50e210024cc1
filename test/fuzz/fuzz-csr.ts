import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FuzzReport } from './fuzz-report.ts';

/*
 * `npm run fuzz -- [--inputs 50000] [--seed n] [--max-ms 5000] [--max-heap-mib 64]`
 * Judges mutated and generated requests in a process of its own, so that even an input that ends or stalls that process is found: its seed
 * is the last one that it announced. Prints counts, times and memory; leaves with 1 at a crash, a hang, a thrown error, a wrong acceptance or
 * an input above a bound. `--seed n --inputs 1` repeats one input.
 */
const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    'max-ms': { type: 'string', default: '5000' },
    'max-heap-mib': { type: 'string', default: '64' },
  },
});
const first = Number(values.seed);
const inputs = Number(values.inputs);
const maxMs = Number(values['max-ms']);
const maxHeap = Number(values['max-heap-mib']) * 2 ** 20;

/** Longer than the bound, so that a slow input is reported as slow and only a hang as a hang. */
const HANG_MS = Math.max(30_000, 2 * maxMs);

export type FromChild =
  | { kind: 'begins'; seed: number }
  | { kind: 'failed'; seed: number; what: string }
  | { kind: 'done'; report: FuzzReport };

say(`seeds ${first} to ${first + inputs - 1}`);
const failure = await run();
if (failure !== undefined) {
  say(`FAILED: ${failure}`);
  process.exitCode = 1;
}

function run(): Promise<string | undefined> {
  const child = fork(fileURLToPath(new URL('./fuzz-child.ts', import.meta.url)), [String(first), String(inputs)]);
  let seed = first;
  let outcome: string | undefined = 'the process ended without a report';
  const hang = setInterval(() => {
    outcome = `hangs at or within a hundred inputs after seed ${seed}`;
    child.kill('SIGKILL');
  }, HANG_MS);
  child.on('message', (message: FromChild) => {
    hang.refresh();
    if (message.kind === 'begins') seed = message.seed;
    if (message.kind === 'failed') outcome = `seed ${message.seed}: ${message.what}`;
    if (message.kind === 'done') outcome = judge(message.report);
  });
  return new Promise((done) => {
    child.once('exit', (code, signal) => {
      clearInterval(hang);
      const crashed = code !== 0 && outcome === 'the process ended without a report';
      done(crashed ? `the process crashed (${signal ?? code}) at or within a hundred inputs after seed ${seed}` : outcome);
    });
  });
}

function judge(report: FuzzReport): string | undefined {
  print(report);
  const { ms, memory } = report;
  if (ms.slowest > maxMs) return `seed ${ms.slowestSeed} took ${ms.slowest.toFixed(0)} ms, more than ${maxMs}`;
  if (memory.largestGrowth > maxHeap) return `seed ${memory.largestSeed} took ${mib(memory.largestGrowth)}, more than ${mib(maxHeap)}`;
  return undefined;
}

function print({ inputs: count, seconds, byKind, byOutcome, ms, memory }: FuzzReport): void {
  say(`inputs ${count} in ${seconds.toFixed(1)} s (making, signing and judging)`);
  say(`kinds ${pairs(byKind)}`);
  say(
    `a judgement: median ${ms.median.toFixed(2)} ms, 99 % ${ms.p99.toFixed(2)} ms, slowest ${ms.slowest.toFixed(1)} ms (seed ${ms.slowestSeed})`,
  );
  say(
    `heap of one judgement: at most ${mib(memory.largestGrowth)} (seed ${memory.largestSeed}); heap peak ${mib(memory.peakHeap)}, RSS peak ${mib(memory.peakRss)}`,
  );
  for (const [outcome, times] of Object.entries(byOutcome).toSorted(([, a], [, b]) => b - a))
    say(`  ${String(times).padStart(7)}  ${outcome}`);
}

function pairs(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function mib(octets: number): string {
  return `${(octets / 2 ** 20).toFixed(1)} MiB`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
