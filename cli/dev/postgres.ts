import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { writeSecretFile } from '../secret-file.ts';
import { type Lifeline, startWithLifeline } from './lifeline.ts';
import { type PostgresHome, preparePostgresHome } from './postgres-home.ts';
import { processCommand } from './process-command.ts';

export interface PostgresOptions {
  /** Folder of the cluster's files; kept between starts. */
  folder: string;
  port: number;
  password: string;
  /** Extra settings, `name=value`. */
  settings?: readonly string[];
  /** What the server says; default `<folder>.log`. */
  logFile?: string;
}

export interface RunningPostgres {
  /** Connection URL of a database of this cluster. */
  url(database: string): string;
  /** Creates the database unless it exists. */
  ensureDatabase(name: string): Promise<void>;
  /** Where the files really are: elsewhere when the PostgreSQL user could not reach `folder`. */
  folder: string;
  pid: number;
  /** Resolves when the server ended, by itself or stopped. */
  ended: Promise<number>;
  /** Fast shutdown: sessions end, nothing is lost. May be repeated. */
  stop(): Promise<void>;
}

const START_MS = 60_000;

/**
 * Starts a real PostgreSQL from the binaries in npm packages, initialising its folder first if need be. Listens on 127.0.0.1 only and ends
 * with this process. Throws with the end of its log when it does not start.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const home = await preparePostgresHome(options.folder);
  await endOrphan(home.folder);
  if (!existsSync(join(home.folder, 'PG_VERSION'))) await initialise(home, options.password);
  const logFile = options.logFile ?? `${resolve(options.folder)}.log`;
  const server = await spawnServer(home, options, logFile);
  const url = (database: string) => `postgresql://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${options.port}/${database}`;
  await untilReady(server, url('postgres'), logFile);
  const { pid, ended } = server;
  return {
    url,
    folder: home.folder,
    pid,
    ended,
    ensureDatabase: (name) => ensureDatabase(url('postgres'), name),
    stop: () => server.stop(),
  };
}

/** initdb works in a folder of its own that is renamed when it is complete: a killed set-up leaves nothing half-made. */
async function initialise(home: PostgresHome, password: string): Promise<void> {
  const partial = `${home.folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  const passwordFile = `${partial}.pw`;
  writeSecretFile(passwordFile, password);
  for (const path of [partial, passwordFile]) if (home.owner !== undefined) chownSync(path, home.owner.uid, home.owner.gid);
  await run(home, 'initdb', [
    '-D',
    partial,
    '-U',
    'postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-instructions',
  ]);
  rmSync(passwordFile);
  renameSync(partial, home.folder);
}

async function run(home: PostgresHome, program: string, args: readonly string[]): Promise<void> {
  const child = spawn(join(home.native, 'bin', program), args, { ...home.owner, stdio: ['ignore', 'ignore', 'pipe'] });
  const said = collect(child);
  const code = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  if (code !== 0) throw new Error(`PostgreSQL's ${program} failed (exit code ${code}). It said:\n${said().slice(-500)}`);
}

async function spawnServer(home: PostgresHome, { port, settings = [] }: PostgresOptions, logFile: string): Promise<Lifeline> {
  const flags = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', ...settings].flatMap((setting) => [
    '-c',
    setting,
  ]);
  const args = ['-D', home.folder, '-p', String(port), ...flags];
  return startWithLifeline(join(home.native, 'bin', 'postgres'), args, { logFile, user: home.owner, cwd: '/', signal: 'INT' });
}

async function untilReady(server: Lifeline, url: string, logFile: string): Promise<void> {
  let over = false;
  const ended = server.ended.then(() => {
    over = true;
  });
  for (let waited = 0; !over && waited < START_MS; waited += 50) {
    if (await answers(url)) return;
    await Promise.race([sleep(50), ended]);
  }
  await server.stop(0);
  throw new Error(`PostgreSQL did not start; the end of ${logFile}:\n${readFileSync(logFile, 'utf8').slice(-KEPT_CHARACTERS)}`);
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    // It runs and has another password: waiting does not help.
    if (error instanceof pg.DatabaseError && error.code === '28P01')
      throw new Error(
        'PostgreSQL refuses the password that is kept in the data folder (secrets/database.password): another PostgreSQL listens on this port (--postgres-port), or begin anew with --fresh.',
        { cause: error },
      );
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const KEPT_CHARACTERS = 1_000;

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-KEPT_CHARACTERS);
  });
  return () => text;
}

/** A server that outlived its killed starter still holds this folder: it is ours, and it is stopped. */
async function endOrphan(folder: string): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
  if (!runsOn(folder, pid)) return rmSync(pidFile, { force: true });
  process.kill(pid, 'SIGINT');
  for (let waited = 0; waited < START_MS && runsOn(folder, pid); waited += 100) await sleep(100);
}

/** After a reboot the id in the file may belong to anything. */
function runsOn(folder: string, pid: number): boolean {
  return processCommand(pid)?.includes(`-D ${folder} `) === true;
}

async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
