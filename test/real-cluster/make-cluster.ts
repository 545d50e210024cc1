import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { discardData } from '../../cli/dev/discard-data.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import { type Lifeline, startWithLifeline } from '../../cli/dev/lifeline.ts';
import { startPostgres } from '../../cli/dev/postgres.ts';
import { makeInternalTls } from '../../deploy/make-internal-tls.mjs';
import { read } from '../deploy/compose.ts';
import { PROGRAMS } from './programs.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Of docker-compose.yml and the template: where the parts of Temporal listen. */
const TEMPORAL_PORTS = [7233, 7234, 7235, 7239, 6933, 6934, 6935, 6939];
const ADDRESS = '172.30.71.2';
const DATABASE_URLS = [
  ['migrate', 'owner.database-url'],
  ['api', 'api.database-url'],
  ['worker', 'worker.database-url'],
  ['worker', 'sweeper.database-url'],
  ['worker', 'retention.database-url'],
  ['issuer', 'issuer.database-url'],
  ['operator', 'operator.database-url'],
] as const;
const START_MS = 90_000;

/** PostgreSQL and Temporal from the files of deploy/, with other ports and on 127.0.0.1. */
export interface Cluster {
  readonly folder: string;
  /** host:port by a name that the certificate has. */
  readonly temporal: string;
  readonly membershipPort: number;
  readonly postgresPort: number;
  /** Where the file lies that a container sees as /run/secrets/<file>, or that `operator` is given. */
  secret(holder: string, file: string): string;
  /** As the containers see it → as it is here. */
  here(container: string, text: string): string;
  stop(): Promise<void>;
}

/** `change`: what the server is started again with, once its namespace is made. */
export async function makeCluster(change?: (configuration: string) => string): Promise<Cluster> {
  if (PROGRAMS === undefined) throw new Error('There is no Temporal server with TLS on this machine.');
  const programs = PROGRAMS;
  const folder = mkdtempSync(join(tmpdir(), 'cs-cluster-'));
  chmodSync(folder, 0o711); // PostgreSQL's own user must pass
  const [postgresPort, ...ports] = await differentPorts(1 + TEMPORAL_PORTS.length);
  const portOf = new Map(TEMPORAL_PORTS.map((port, i) => [port, ports[i] ?? 0]));
  const secret = (holder: string, file: string) => join(placeOf(folder, holder), file);
  const here = (container: string, text: string) => translated(text, { folder, container, postgresPort: postgresPort ?? 0, portOf });
  await makeSecrets(folder);
  for (const [container, file] of DATABASE_URLS) {
    const path = secret(container, file);
    writeFileSync(path, here(container, readFileSync(path, 'utf8')));
  }
  const postgres = await startDatabase(folder, postgresPort ?? 0, secret);
  runScript('temporal-schema', 'setup-schema.sh', here, { 'temporal-sql-tool': programs.sqlTool });
  const configuration = here('temporal', readFileSync(secret('temporal', 'config/production.yaml'), 'utf8'));
  const address = `localhost:${portOf.get(7233)}`;
  const begin = (text: string) => startTemporal(programs.server, folder, secret, text, portOf.get(7233) ?? 0);
  let temporal = await begin(configuration);
  runScript('temporal-namespace', 'create-namespace.sh', here, { temporal: programs.cli });
  if (change !== undefined) {
    await temporal.stop();
    temporal = await begin(change(configuration));
  }
  return {
    folder,
    temporal: address,
    membershipPort: portOf.get(6933) ?? 0,
    postgresPort: postgresPort ?? 0,
    secret,
    here,
    stop: async () => {
      await temporal.stop();
      await postgres.stop();
      discardData(folder);
    },
  };
}

/** Everything as for a first try; then certificates for the names that this machine knows its servers by. */
async function makeSecrets(folder: string): Promise<void> {
  const args = ['--out', folder, '--organization', 'Example Organization', '--public-base-url', 'http://pki.example.org'];
  execFileSync(process.execPath, [join(ROOT, 'deploy', 'make-secrets.mjs'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const names = { postgres: ['postgres', 'localhost'], temporal: ['temporal', 'localhost'] };
  const give = (holder: string, file: string, content: string) =>
    writeFileSync(join(placeOf(folder, holder), file), content, { mode: 0o600 });
  await makeInternalTls({ give, apiNames: ['localhost'], names });
}

/** Containers have a folder each, the people who operate one beside them. */
function placeOf(folder: string, holder: string): string {
  return holder === 'operator' ? join(folder, 'operators') : join(folder, 'secrets', holder);
}

interface Place {
  folder: string;
  container: string;
  postgresPort: number;
  portOf: ReadonlyMap<number, number>;
}

function translated(text: string, { folder, container, postgresPort, portOf }: Place): string {
  let found = text
    .replaceAll('/run/secrets', placeOf(folder, container))
    .replaceAll('/public/', join(folder, 'public/'))
    .replaceAll('--endpoint postgres --port 5432', `--endpoint localhost --port ${postgresPort}`)
    .replaceAll('postgres:5432', `localhost:${postgresPort}`)
    .replaceAll('temporal:7233', `localhost:${portOf.get(7233)}`)
    .replaceAll(ADDRESS, '127.0.0.1');
  for (const [port, other] of portOf) found = found.replaceAll(new RegExp(`(?<=[Pp]ort: |127\\.0\\.0\\.1:)${port}\\b`, 'g'), String(other));
  return found;
}

type Secret = (container: string, file: string) => string;

/** Roles and databases are made as the image makes them; then the door is as in the container: TLS only. */
async function startDatabase(folder: string, port: number, secret: Secret): Promise<{ stop(): Promise<void> }> {
  const postgres = await startPostgres({ folder: join(folder, 'postgres'), port, password: 'test' });
  let client = await login(postgres.url('postgres'));
  for (const statement of statementsOf(readFileSync(secret('postgres', 'init.sql'), 'utf8'))) {
    const [, database] = /^\\connect (\w+)/.exec(statement) ?? [];
    if (database === undefined) await client.query(statement);
    else {
      await client.end();
      client = await login(postgres.url(database));
    }
  }
  const { uid, gid } = statSync(postgres.folder);
  for (const file of ['postgres-tls.crt.pem', 'postgres-tls.key.pem']) {
    copyFileSync(secret('postgres', file), join(postgres.folder, file));
    chownSync(join(postgres.folder, file), uid, gid);
  }
  writeFileSync(join(postgres.folder, 'pg_hba.conf'), read('deploy/postgres/pg_hba.conf'));
  for (const setting of ["ssl_cert_file = 'postgres-tls.crt.pem'", "ssl_key_file = 'postgres-tls.key.pem'", 'ssl = on'])
    await client.query(`ALTER SYSTEM SET ${setting}`);
  await client.query('SELECT pg_reload_conf()');
  await client.end();
  await untilTls(port);
  return postgres;
}

async function login(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** CREATE DATABASE wants to be alone, so each is sent by itself; a block in dollar quotes has semicolons of its own. */
function statementsOf(sql: string): string[] {
  const plain = sql.replaceAll(/^--.*$/gm, '').replaceAll(/^\\connect .*$/gm, '$&;');
  const statements = plain.match(/(?:\$\$[^]*?\$\$|[^;])+/g) ?? [];
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

/** The server takes its new settings some time after it was told to. */
async function untilTls(port: number): Promise<void> {
  const ask = () =>
    new Promise<string>((done) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from('0000000804d2162f', 'hex'))); // SSLRequest
      socket
        .once('data', (data) => done(data.toString()))
        .once('close', () => done(''))
        .once('error', () => done(''));
      socket.once('data', () => socket.destroy());
    });
  await until('PostgreSQL speaks no TLS', async () => (await ask()) === 'S');
}

/** A script of deploy/temporal as its container runs it, with the programs that the image has. */
function runScript(container: string, script: string, here: Cluster['here'], programs: Readonly<Record<string, string>>): void {
  const folder = dirname(here(container, '/run/secrets'));
  const bin = join(folder, '..', `bin-${container}`);
  mkdirSync(bin);
  for (const [name, path] of Object.entries(programs)) symlinkSync(path, join(bin, name));
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: bin,
    CS_TEMPORAL_NAMESPACE: 'certificate-service',
    CS_TEMPORAL_RETENTION: '72h',
  };
  execFileSync('/bin/sh', ['-c', here(container, read(`deploy/temporal/${script}`))], { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

async function startTemporal(program: string, folder: string, secret: Secret, configuration: string, port: number): Promise<Lifeline> {
  writeFileSync(secret('temporal', 'config/production.yaml'), configuration);
  const args = ['--root', secret('temporal', ''), '--config', 'config', '--env', 'production', '--allow-no-auth', 'start'];
  const logFile = join(folder, 'temporal.log');
  const server = startWithLifeline(program, args, { logFile });
  try {
    await until(`Temporal does not listen; see ${logFile}`, () => listens(port), server.ended);
  } catch (error) {
    await server.stop(0);
    throw new Error(`${error instanceof Error ? error.message : ''}\n${readFileSync(logFile, 'utf8').slice(-3_000)}`, { cause: error });
  }
  return server;
}

function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true)).once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}

export async function until(otherwise: string, holds: () => Promise<boolean>, ended?: Promise<unknown>): Promise<void> {
  let over = false;
  void ended?.then(() => {
    over = true;
  });
  for (const end = Date.now() + START_MS; Date.now() < end && !over; await sleep(200)) if (await holds()) return;
  throw new Error(otherwise);
}

async function differentPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
