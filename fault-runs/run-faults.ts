import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { appCalls } from './app-calls.ts';
import type { Ground } from './device-story.ts';
import { type FaultyStack, faultyStack } from './faulty-stack.ts';
import { type FaultOptions, readOptions, USAGE } from './options.ts';
import { printSummary, resultLine } from './print-summary.ts';
import { pointRuns, runPoints } from './run-points.ts';
import { type RandomResult, runRandom } from './run-random.ts';
import { type FaultSummary, summarise } from './summary.ts';

/** `npm run faults`: breaks the service at every named point and at random, and looks at what is left. Exit code 1 on any finding. */
async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === 'help') return console.log(USAGE);
  Runtime.install({ logger: new DefaultLogger('ERROR') }); // replays would tell each of their steps
  const stack = await faultyStack((sentence) => console.log(`· ${sentence}`));
  const calls = appCalls(stack.dev);
  try {
    const summary = await runAll(stack, { dev: stack.dev, calls, folder: join(stack.dataFolder, 'cards') }, options);
    printSummary(summary);
    if (options.out !== undefined) write(options.out, summary);
    process.exitCode = isClean(summary) ? 0 : 1;
  } finally {
    await calls.close();
    await stack.stop();
  }
}

async function runAll(stack: FaultyStack, ground: Ground, options: FaultOptions): Promise<FaultSummary> {
  const begun = performance.now();
  mkdirSync(ground.folder, { recursive: true, mode: 0o700 });
  const runs = pointRuns(options.points, options.faults).filter((_, place) => place % options.step === 0);
  let number = 0;
  const points = await runPoints(stack, ground, runs, (result) => console.log(resultLine((number += 1), runs.length, result)));
  const random: RandomResult | undefined =
    options.random === 0
      ? undefined
      : await runRandom(stack, ground, {
          count: options.random,
          concurrency: options.concurrency,
          seed: options.seed,
          tell: (words) => console.log(`  ${words}`),
        });
  return summarise(stack, { seed: options.seed, begun, points, random });
}

function isClean({ findings, points, random, ownEnds }: FaultSummary): boolean {
  const phases = [points, random].filter((phase) => phase !== undefined);
  return findings.length === 0 && ownEnds.length === 0 && phases.every((phase) => phase.notReached + phase.manualRestarts === 0);
}

function write(path: string, summary: FaultSummary): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(summary, null, 2)}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`faults: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = 1;
}
process.exit(); // Temporal's native connections keep the event loop alive for a while
