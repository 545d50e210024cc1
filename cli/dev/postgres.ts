import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type PostgresHome, preparePostgresHome } from './postgres-home.ts';

export interface PostgresOptions {
  /** Folder of the cluster's files; kept between starts. */
  folder: string;
  port: number;
  password: string;
  /** Extra settings, `name=value`. */
  settings?: readonly string[];
}

export interface RunningPostgres {
  /** Connection URL of a database of this cluster. */
  url(database: string): string;
  /** Creates the database unless it exists. */
  ensureDatabase(name: string): Promise<void>;
  /** Where the files really are: elsewhere when the PostgreSQL user could not reach `folder`. */
  folder: string;
  pid: number;
  stop(): Promise<void>;
}

const START_MS = 60_000;

/** Starts a real PostgreSQL from the binaries in npm packages, initialising its folder first if need be. Listens on 127.0.0.1 only. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const home = await preparePostgresHome(options.folder);
  await endOrphan(home.folder);
  if (!existsSync(join(home.folder, 'PG_VERSION'))) await initialise(home, options.password);
  const child = await spawnServer(home, options);
  const url = (database: string) => `postgresql://postgres:${options.password}@127.0.0.1:${options.port}/${database}`;
  return {
    url,
    folder: home.folder,
    pid: child.pid ?? 0,
    ensureDatabase: (name) => ensureDatabase(url('postgres'), name),
    stop: () => stop(child),
  };
}

/** initdb works in a folder of its own that is renamed when it is complete: a killed set-up leaves nothing half-made. */
async function initialise(home: PostgresHome, password: string): Promise<void> {
  const partial = `${home.folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  const passwordFile = `${partial}.pw`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of [partial, passwordFile]) if (home.owner !== undefined) chownSync(path, home.owner.uid, home.owner.gid);
  await run(home, 'initdb', ['-D', partial, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-instructions']);
  rmSync(passwordFile);
  renameSync(partial, home.folder);
}

async function run(home: PostgresHome, program: string, args: readonly string[]): Promise<void> {
  const child = spawn(join(home.native, 'bin', program), args, { ...home.owner, stdio: ['ignore', 'ignore', 'pipe'] });
  const said = collect(child);
  const code = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  if (code !== 0) throw new Error(`PostgreSQL's ${program} failed: ${said().slice(-500)}`);
}

async function spawnServer(home: PostgresHome, { port, settings = [] }: PostgresOptions): Promise<ChildProcess> {
  const flags = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', ...settings].flatMap((setting) => ['-c', setting]);
  // A process group of its own: Ctrl-C reaches only us, and we stop the database last.
  const child = spawn(join(home.native, 'bin', 'postgres'), ['-D', home.folder, '-p', String(port), ...flags], { ...home.owner, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const said = collect(child);
  const ended = new Promise<never>((_, failed) => child.once('error', failed).once('exit', () => failed(new Error(`PostgreSQL did not start: ${said().slice(-500)}`))));
  ended.catch(() => undefined);
  await Promise.race([ended, untilReady(said)]);
  return child;
}

async function untilReady(said: () => string): Promise<void> {
  for (let waited = 0; waited < START_MS; waited += 50) {
    if (said().includes('ready to accept connections')) return;
    await sleep(50);
  }
  throw new Error('PostgreSQL did not become ready within a minute.');
}

const KEPT_CHARACTERS = 4_000;

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
  if (!isPostgres(pid)) return rmSync(pidFile, { force: true });
  process.kill(pid, 'SIGINT');
  for (let waited = 0; waited < START_MS && isPostgres(pid); waited += 100) await sleep(100);
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return false;
  }
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

/** Fast shutdown: sessions end, nothing is lost. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  await gone;
}
