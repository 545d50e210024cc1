import { cpus, loadavg } from 'node:os';
import { lazyClient } from '../temporal/connection.ts';
import { accessTokens } from './access-tokens.ts';
import { checkCertificates } from './check-certificates.ts';
import { INSIDE_THE_CLOCK } from './enroll-once.ts';
import { type HistorySizes, historySizes } from './history-sizes.ts';
import { httpsClient } from './https-client.ts';
import { startNoopWorkers } from './noop-stack.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { type Bench, kindsOf, type Pass, runPass } from './passes.ts';
import { percentiles } from './percentiles.ts';
import { printSummary } from './print-summary.ts';
import { memoryOf } from './process-costs.ts';
import { stackUnderTest } from './stack-under-test.ts';
import { type Summary, summarize } from './summary.ts';
import { judgeTargets } from './targets.ts';

/*
 * `npm run bench`: enrollments through HTTPS against a running stack and, in turn, a workflow of the same message shape that does
 * nothing. Prints what it found; judges nothing by its exit code but refused certificates. How to read it: docs/benchmarks.md.
 */
const WARM_UP = 16;
const HISTORIES = 12;

const say = (sentence: string) => console.error(`· ${sentence}`);

async function main(options: BenchOptions): Promise<Summary> {
  const stack = await stackUnderTest(options.data);
  const noop = startNoopWorkers(stack);
  const { dev, codecKeys } = stack;
  const https = httpsClient(dev, options.concurrency);
  const { client: temporal, connection } = lazyClient(dev.temporal, codecKeys);
  const pids = { ...dev.pids, ...noop.pids, client: process.pid };
  try {
    return await measure({ stack, https, temporal, pids, accessToken: accessTokens(dev) }, options);
  } finally {
    await Promise.all([https.close(), connection.close(), noop.stop()]);
    await stack.stop();
  }
}

async function measure(bench: Bench, options: BenchOptions): Promise<Summary> {
  const loadBefore = loadavg()[0] ?? 0;
  const rounds = await allRounds(bench, options);
  const idle = await idlePasses(bench, options);
  const memory = memoryNow(bench);
  const histories = await sampleHistories(bench, rounds);
  say('checking every certificate with OpenSSL');
  const passes = [...rounds.flat(), ...idle.map(({ pass }) => pass)];
  const certificates = await checkCertificates(
    bench.stack,
    passes.flatMap((pass) => pass.certificates),
  );
  const kinds = summarize(rounds, histories);
  const idleFound = idle.map(({ keyType, pass }) => ({
    keyType,
    count: pass.count,
    csrMs: percentiles(pass.steps.map(({ csr }) => csr ?? 0)),
    totalMs: percentiles(pass.totalMs),
  }));
  const machine = { cores: cpus().length, loadBefore, loadAfter: loadavg()[0] ?? 0, node: process.version };
  const targets = judgeTargets({ kinds, idle: idleFound, memory });
  return { machine, options: { ...options }, insideTheClock: INSIDE_THE_CLOCK, kinds, idle: idleFound, memory, certificates, targets };
}

/** The first turn is not counted: caches, connections and compiled code are made there. */
async function allRounds(bench: Bench, options: BenchOptions): Promise<Pass[][]> {
  const kinds = kindsOf(options);
  for (const kind of kinds) {
    say(`warming up: ${kind.name}`);
    await runPass(bench, kind, WARM_UP, options.concurrency);
  }
  const rounds: Pass[][] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const passes: Pass[] = [];
    for (const kind of kinds) {
      const pass = await runPass(bench, kind, options.count, options.concurrency);
      say(`round ${round}/${options.rounds}: ${kind.name}: ${pass.rate.toFixed(1)}/s, p50 ${percentiles(pass.totalMs).p50.toFixed(0)} ms`);
      passes.push(pass);
    }
    rounds.push(passes);
  }
  return rounds;
}

async function idlePasses(bench: Bench, { keys, idle }: BenchOptions) {
  const passes = [];
  for (const keyType of keys) {
    say(`idle: ${keyType}, ${idle} one at a time`);
    const kind = { name: `${keyType} idle`, what: 'enrollment', keyType, pinCase: 'verify' } as const;
    passes.push({ keyType, pass: await runPass(bench, kind, idle, 1) });
  }
  return passes;
}

function memoryNow({ pids }: Bench): Summary['memory'] {
  const found = Object.entries(pids).map(([name, pid]) => [name, memoryOf(pid)] as const);
  return Object.fromEntries(found.flatMap(([name, memory]) => (memory === undefined ? [] : [[name, memory]])));
}

/** A few runs of the last round of each kind. */
async function sampleHistories({ temporal }: Bench, rounds: readonly (readonly Pass[])[]): Promise<Map<string, HistorySizes>> {
  const sizes = new Map<string, HistorySizes>();
  for (const { kind, workflowIds } of rounds.at(-1) ?? [])
    sizes.set(kind.name, await historySizes(temporal, workflowIds.slice(0, HISTORIES)));
  return sizes;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(USAGE);
  else {
    const summary = await main(options);
    console.log(options.json ? JSON.stringify(summary, undefined, 2) : printSummary(summary));
    process.exitCode = summary.certificates.refused.length === 0 ? 0 : 1;
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? (error.stack ?? error.message) : 'failed'}`);
  process.exitCode = 1;
}
process.exit();
