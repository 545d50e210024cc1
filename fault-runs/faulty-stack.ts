import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { anyPorts } from '../cli/dev/any-ports.ts';
import type { DevJson } from '../cli/dev/dev-json.ts';
import { secretPaths } from '../cli/dev/dev-secrets.ts';
import { discardData } from '../cli/dev/discard-data.ts';
import { findTemporal } from '../cli/dev/find-temporal.ts';
import type { Ports } from '../cli/dev/ports.ts';
import { type RunningPostgres, startPostgres } from '../cli/dev/postgres.ts';
import { isAlive } from '../cli/dev/service-process.ts';
import { startStack } from '../cli/dev/stack.ts';
import { startTemporal, type TemporalServer } from '../cli/dev/temporal-server.ts';
import { readKeyRing } from '../config/key-ring-file.ts';
import { dataConverter } from '../temporal/data-converter.ts';
import { type CommitProxy, commitProxy } from './commit-proxy.ts';
import { type FaultStation, faultStation } from './fault-station.ts';
import { type Supervisor, supervise } from './supervisor.ts';

type Rows = <Row extends pg.QueryResultRow>(sql: string, ...values: unknown[]) => Promise<Row[]>;

/** The whole service on this machine, armed, supervised, with servers that can be taken away. */
export interface FaultyStack {
  dev: DevJson;
  dataFolder: string;
  station: FaultStation;
  supervisor: Supervisor;
  temporal: Client;
  /** What the processes' COMMITs go through. */
  commits: CommitProxy;
  /** Tries again while the database is away. */
  query: Rows;
  dropConnections(): Promise<void>;
  /** `fast` ends sessions and flushes; `immediate` is a crash: recovery from the log follows. */
  restartPostgres(mode: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL; the same database file afterwards. */
  restartTemporal(): Promise<void>;
  stop(): Promise<void>;
}

/** Short loops and deadlines: what takes minutes in production must be seen in seconds. */
const SETTINGS = {
  CS_SWEEP_INTERVAL_SECONDS: '1',
  CS_SWEEP_GRACE_SECONDS: '5',
  CS_START_GRACE_SECONDS: '3',
  CS_CRL_INTERVAL_SECONDS: '1',
  CS_PIN_WEAK_CHECKED: '0',
  CS_PIN_SECONDS: '90',
  CS_CSR_SECONDS: '90',
  CS_ACK_SECONDS: '90',
  CS_WHOLE_SECONDS: '240',
};

/** How late an end may be: grace and interval of the sweeper, and a restart in between. */
export const GRACE_SECONDS = 15;

/** Longer than the driver waits for any answer (store/database.ts: 9 s): nobody is there any more when it comes. */
const LATE_COMMIT_MS = 10_000;

type Stops = Array<() => Promise<unknown>>;

export async function faultyStack(say: (sentence: string) => void): Promise<FaultyStack> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'cs-faults-'));
  chmodSync(dataFolder, 0o711); // PostgreSQL's own user must pass
  const stops: Stops = [async () => discardData(dataFolder)];
  const stop = async () => {
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await bringUp(dataFolder, say, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(dataFolder: string, say: (sentence: string) => void, stops: Stops): Promise<Omit<FaultyStack, 'stop'>> {
  const station = await faultStation(join(dataFolder, 'faults.sock'));
  stops.push(() => station.close());
  const settings = { ...SETTINGS, CS_FAULT_POINTS_SOCKET: station.socket };
  const ports = await anyPorts();
  const commits = await commitProxy({ to: ports.postgres, lateMs: LATE_COMMIT_MS });
  stops.push(() => commits.close());
  const signal = new AbortController().signal;
  const stack = await startStack({ dataFolder, ports, say, signal, settings, databasePort: commits.port });
  stops.push(() => stack.stop());
  const { dev } = stack;
  const again: Again = {};
  stops.push(async () => {
    await again.temporal?.stop();
    await again.postgres?.stop();
  });
  const supervisor = supervise(dev, dataFolder, settings);
  stops.push(() => supervisor.stop());
  const pool = new pg.Pool({ connectionString: dev.databaseUrl, max: 4, application_name: 'fault runner' });
  pool.on('error', () => undefined);
  stops.push(() => pool.end());
  const connection = Connection.lazy({ address: dev.temporal.address });
  stops.push(() => connection.close());
  const temporal = new Client({ connection, dataConverter: dataConverter(readKeyRing(secretPaths(dataFolder).secret('codec.keys'))) });
  const query: Rows = (sql, ...values) => persistently(() => rowsOf(pool, sql, values));
  return { dev, dataFolder, station, supervisor, temporal, commits, query, ...(await servers(dev, dataFolder, ports, query, again)) };
}

/** Servers that were started again in the place of those of the stack. */
interface Again {
  postgres?: RunningPostgres;
  temporal?: TemporalServer;
}

type Servers = Pick<FaultyStack, 'dropConnections' | 'restartPostgres' | 'restartTemporal'>;

async function servers(dev: DevJson, dataFolder: string, ports: Ports, query: Rows, again: Again): Promise<Servers> {
  const pids = { postgres: dev.pids['postgres'] ?? 0, temporal: dev.pids['temporal'] ?? 0 };
  const program = await findTemporal({ offline: true });
  if (program.kind !== 'program') throw new Error('the Temporal server of TEMPORAL_ADDRESS cannot be restarted: unset it');
  const log = (name: string) => join(dataFolder, 'logs', `${name}.log`);
  return {
    dropConnections: async () => {
      await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name <> 'fault runner'`);
    },
    restartPostgres: async (mode) => {
      process.kill(pids.postgres, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await gone(pids.postgres);
      const password = readFileSync(secretPaths(dataFolder).secret('database.password'), 'utf8');
      again.postgres = await startPostgres({
        folder: join(dataFolder, 'postgres'),
        port: ports.postgres,
        password,
        logFile: log('postgres'),
      });
      pids.postgres = again.postgres.pid;
    },
    restartTemporal: async () => {
      process.kill(pids.temporal, 'SIGKILL');
      await gone(pids.temporal);
      const databaseFile = join(dataFolder, 'temporal.db');
      again.temporal = await startTemporal({ program: program.path, port: ports.temporal, databaseFile, logFile: log('temporal') });
      pids.temporal = again.temporal.pid;
    },
  };
}

async function rowsOf<Row extends pg.QueryResultRow>(pool: pg.Pool, sql: string, values: unknown[]): Promise<Row[]> {
  const { rows } = await pool.query<Row>(sql, values);
  return rows;
}

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(20);
}

async function persistently<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= 60) throw error;
      await sleep(250);
    }
  }
}
