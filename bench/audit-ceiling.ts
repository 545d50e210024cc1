import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { PRISMA_FOLDER } from '../cli/commands/migrate.ts';
import { discardData } from '../cli/dev/discard-data.ts';
import { freePort } from '../cli/dev/free-ports.ts';
import { startPostgres } from '../cli/dev/postgres.ts';
import { applyMigrations } from '../store/migrate.ts';
import { percentiles } from './percentiles.ts';

/*
 * How many audited transactions a second one database takes: each appends one audit row and nothing else, with fsync on. With the chain all
 * of them stand in line at its head until their commit is on disk; without it PostgreSQL writes several commits to disk at once.
 * node --import tsx bench/audit-ceiling.ts [--seconds 4] [--rounds 2] [--out docs/evidence/audit-ceiling.json]
 */

const CONNECTIONS = [1, 2, 4, 8, 16, 32];
const APPEND = {
  name: 'append',
  text: `INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail) VALUES ('device', 'pin.verify', gen_random_uuid(), 'u-1', 'satisfied', $1)`,
  values: [JSON.stringify({ attemptId: '00000000-0000-4000-8000-000000000000', key: 'pin-pepper/p1', salt: 'pin-salt/s1' })],
};

interface Pass {
  chain: boolean;
  connections: number;
  perSecond: number;
  medianMs: number;
  p99Ms: number;
}

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, rounds: { type: 'string', default: '2' }, out: { type: 'string' } },
});
const folder = mkdtempSync(join(tmpdir(), 'cs-audit-ceiling-'));
const postgres = await startPostgres({ folder: join(folder, 'postgres'), port: await freePort(), password: 'bench' });
try {
  await postgres.ensureDatabase('bench');
  await applyMigrations(postgres.url('bench'), PRISMA_FOLDER);
  const report = await measure(postgres.url('bench'), Number(values.seconds), Number(values.rounds));
  console.log(JSON.stringify(report, null, 2));
  if (values.out !== undefined) save(values.out, report);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await postgres.stop();
  discardData(folder);
}
process.exit(); // the schema engine keeps its connection

async function measure(url: string, seconds: number, rounds: number) {
  const owner = new pg.Client({ connectionString: url });
  owner.on('error', () => undefined); // the server stops before a failed pass has ended
  await owner.connect();
  const { rows } = await owner.query<{ fsync: string; version: string }>(
    `SELECT current_setting('fsync') AS fsync, current_setting('server_version') AS version`,
  );
  const passes: Pass[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const connections of CONNECTIONS) {
      for (const chain of [true, false]) {
        await owner.query(`ALTER TABLE audit ${chain ? 'ENABLE' : 'DISABLE'} TRIGGER audit_chain`);
        passes.push(await pass(url, chain, connections, seconds));
      }
    }
  }
  await owner.end();
  const machine = {
    cores: availableParallelism(),
    load: loadavg()[0],
    node: process.version,
    postgres: rows[0]?.version,
    fsync: rows[0]?.fsync,
  };
  return {
    what: 'transactions a second, each one audit row',
    at: new Date().toISOString(),
    machine,
    seconds,
    rounds,
    best: best(passes),
    passes,
  };
}

async function pass(url: string, chain: boolean, connections: number, seconds: number): Promise<Pass> {
  const clients = await Promise.all(Array.from({ length: connections }, () => connect(url)));
  const end = performance.now() + seconds * 1_000;
  const times = (await Promise.all(clients.map((client) => appendUntil(client, end)))).flat();
  await Promise.all(clients.map((client) => client.end()));
  const { p50, p99 } = percentiles(times);
  const rounded = (ms: number) => Math.round(ms * 100) / 100;
  return { chain, connections, perSecond: Math.round(times.length / seconds), medianMs: rounded(p50), p99Ms: rounded(p99) };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function appendUntil(client: pg.Client, end: number): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < end) {
    const begun = performance.now();
    await client.query(APPEND);
    times.push(performance.now() - begun);
  }
  return times;
}

/** The best round of each: a machine that is busy elsewhere only makes a round worse. */
function best(passes: readonly Pass[]) {
  return CONNECTIONS.map((connections) => {
    const of = (chain: boolean) =>
      Math.max(...passes.filter((one) => one.chain === chain && one.connections === connections).map(({ perSecond }) => perSecond));
    return { connections, withChain: of(true), withoutChain: of(false) };
  });
}

function save(path: string, report: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}
