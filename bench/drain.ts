import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Lifeline } from '../cli/dev/lifeline.ts';
import { isAlive, isReady, startServiceProcess } from '../cli/dev/service-process.ts';
import { enrollmentsAgain } from './enrollments-again.ts';
import { keepAliveCalls } from './keep-alive-calls.ts';
import { type StackUnderTest, stackUnderTest } from './stack-under-test.ts';

/*
 * `npm run drain`: load on a stack of its own; SIGTERM to each process in turn, then a new one. Writes docs/evidence/drain.json: how long each
 * took to end, what became of requests and enrollments. A refused connection is no failure: with one API process there is nobody else.
 */
const FILE = fileURLToPath(new URL('../docs/evidence/drain.json', import.meta.url));
const PARTS = ['issuer', 'worker', 'api'] as const;
type Part = (typeof PARTS)[number];
const AT_A_TIME = 6;
const BETWEEN_MS = 4_000;
const say = (sentence: string) => console.error(`· ${sentence}`);

async function measure(stack: StackUnderTest) {
  const calls = keepAliveCalls(stack.dev);
  const enrollments = enrollmentsAgain(stack, AT_A_TIME);
  const started: Lifeline[] = [];
  const drained = [];
  for (const part of PARTS) {
    await sleep(BETWEEN_MS);
    say(`SIGTERM to ${part}`);
    drained.push(await drain(stack, part, calls, started));
  }
  await sleep(BETWEEN_MS);
  const [requests, enrolled] = [await calls.stop(), await enrollments.stop()];
  const rows = await leftOver(stack);
  for (const line of started) await line.stop();
  const machine = { cores: cpus().length, load: loadavg()[0] ?? 0, node: process.version };
  return { at: new Date().toISOString(), machine, load: { enrollmentsAtATime: AT_A_TIME }, drained, requests, enrollments: enrolled, rows };
}

async function drain(stack: StackUnderTest, part: Part, calls: ReturnType<typeof keepAliveCalls>, started: Lifeline[]) {
  const pid = stack.dev.pids[part] ?? 0;
  const before = calls.counts();
  const begun = Date.now();
  process.kill(pid, 'SIGTERM');
  while (isAlive(pid)) await sleep(20);
  const endedMs = Date.now() - begun;
  started.push(startServiceProcess([part], join(stack.scratch, 'stack', 'logs', `${part}-again.log`), { ...stack.dev.environments[part] }));
  while (!(await isReady(stack.dev.health[part]))) await sleep(100);
  const after = calls.counts();
  const difference = Object.entries(after).map(([name, n]) => [name, n - (before[name] ?? 0)] as const);
  return { part, endedMs, readyAgainMs: Date.now() - begun, requests: Object.fromEntries(difference) };
}

/** What the database says afterwards: nothing doubled, and nothing that stays open when its device is done. */
async function leftOver({ dev }: StackUnderTest) {
  const client = new pg.Client({ connectionString: dev.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ state: string; n: number; doubled: number }>(
    `SELECT state, count(*)::int AS n, count(*) FILTER (WHERE (SELECT count(*) FROM certificate c WHERE c.enrollment_id = e.id) > 2)::int AS doubled
     FROM enrollment e GROUP BY state ORDER BY state`,
  );
  await client.end();
  return rows;
}

const stack = await stackUnderTest(undefined);
try {
  const result = await measure(stack);
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(JSON.stringify(result, undefined, 2));
  process.exitCode = result.requests['dropped'] === 0 && result.enrollments.failed.length === 0 ? 0 : 1;
} finally {
  await stack.stop();
}
process.exit();
