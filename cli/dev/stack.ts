import { randomBytes, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DATABASE_ROLES, OWNER_ROLE } from '../../store/grants.ts';
import { applyMigrations } from '../../store/migrate.ts';
import { PRISMA_FOLDER } from '../commands/migrate.ts';
import { writeSecretFile } from '../secret-file.ts';
import { ensureLoginRoles, giveToOwner, LOGIN_ROLES, type LoginRole, urlAs } from './database-roles.ts';
import { type DevJson, writeDevJson } from './dev-json.ts';
import { ensureDevSecrets, type SecretPaths, secretPaths } from './dev-secrets.ts';
import {
  AUDIENCE,
  apiUrl,
  apiUrlsOfDevices,
  databaseUrlFile,
  type Environment,
  environments,
  OPERATOR_AUDIENCE,
  ORGANIZATION,
  operatorUrl,
  publicBaseUrl,
  publicFilesUrl,
} from './environments.ts';
import { findTemporal } from './find-temporal.ts';
import type { Lifeline } from './lifeline.ts';
import type { Ports } from './ports.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { namesOfCertificate, ON_THIS_MACHINE, type Reach } from './reach.ts';
import { isReady, startServiceProcess } from './service-process.ts';
import { startTemporal, type TemporalServer } from './temporal-server.ts';
import { issuerOf } from './token-service.ts';
import { ensureWorkflowBundle } from './workflow-bundle-file.ts';

export interface StackOptions {
  dataFolder: string;
  ports: Ports;
  /** Who may call the API; this machine alone if it is not said. */
  reach?: Reach;
  /** Told what is going on, a sentence each. */
  say: (sentence: string) => void;
  signal: AbortSignal;
  /** Settings beside the usual ones, for every part. */
  settings?: Environment;
  /** Where the processes reach PostgreSQL, when something stands in between; it is `ports.postgres` otherwise. */
  databasePort?: number;
}

export interface Stack {
  dev: DevJson;
  /** Resolves with a sentence when a part ended that should be running. */
  broken: Promise<string>;
  /** Stops everything in order; may be repeated. */
  stop(): Promise<void>;
}

type Stop = () => Promise<void>;

/** Brings up everything that an enrollment needs on this machine; what was started is stopped again when a later part fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const stops: Stop[] = [];
  const stop = once(async () => {
    for (const end of stops.toReversed()) await end();
  });
  try {
    return { ...(await bringUp(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(options: StackOptions, stops: Stop[]): Promise<Omit<Stack, 'stop'>> {
  const { dataFolder, ports, say, reach = ON_THIS_MACHINE } = options;
  mkdirSync(join(dataFolder, 'logs'), { recursive: true, mode: 0o700 });
  const made = await ensureDevSecrets(dataFolder, ORGANIZATION, publicBaseUrl(ports, reach), namesOfCertificate(reach));
  if (made.length > 0) say(`made ${made.join(', ')} in ${dataFolder}`);
  const paths = secretPaths(dataFolder);
  for (const sentence of warnings(paths, ports, reach)) say(sentence);
  const [postgres, temporal, workflowBundle] = await settleAll([
    database(options, paths, stops),
    temporalServer(options, stops),
    ensureWorkflowBundle(dataFolder),
  ]);
  const facts = { ports, reach, paths, temporalAddress: temporal.address, workflowBundle };
  const parts = startParts(options, environments(facts), paths, stops);
  await Promise.all(parts.map((part) => ready(part, options.signal)));
  const dev = describe(options, paths, postgres, temporal, environments(facts), parts);
  writeDevJson(dataFolder, dev);
  return {
    dev,
    broken: Promise.race(
      parts.map(({ name, line }) => line.ended.then((code) => `${name} ended with code ${code}; see ${logOf(dataFolder, name)}`)),
    ),
  };
}

function* warnings(paths: SecretPaths, ports: Ports, reach: Reach): Generator<string> {
  if (!reach.host.startsWith('127.'))
    yield `the API and the CRL files listen on ${reach.host}: whoever reaches this machine can call them. Only in a network that you trust`;
  const { infoAccess = '' } = new X509Certificate(readFileSync(paths.pki('issuing-ec.crt.pem')));
  const base = publicBaseUrl(ports, reach);
  if (!infoAccess.includes(`${base}/`))
    yield `new certificates name ${base} for CRLs; the CAs of this data folder were made with another address, which they keep. --fresh makes all anew`;
}

/** All of them, so that what was started is known before a failure is reported. */
async function settleAll<A, B, C>(work: [Promise<A>, Promise<B>, Promise<C>]): Promise<[A, B, C]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

interface DatabaseServer {
  url: string;
  pid: number;
}

async function database(
  { dataFolder, ports, say, databasePort }: StackOptions,
  paths: SecretPaths,
  stops: Stop[],
): Promise<DatabaseServer> {
  const wanted = join(dataFolder, 'postgres');
  const password = readFileSync(paths.secret('database.password'), 'utf8');
  const postgres: RunningPostgres = await startPostgres({
    folder: wanted,
    port: ports.postgres,
    password,
    logFile: logOf(dataFolder, 'postgres'),
  });
  stops.push(() => postgres.stop());
  if (postgres.folder !== wanted)
    say(`PostgreSQL does not run as root and its user cannot reach ${wanted}; its files are in ${postgres.folder}`);
  await postgres.ensureDatabase('certificate_service');
  const url = postgres.url('certificate_service');
  const ownerUrl = await databaseLogins(url, paths, databasePort ?? ports.postgres);
  const applied = await applyMigrations(ownerUrl, PRISMA_FOLDER);
  say(`PostgreSQL is up on port ${ports.postgres}${applied.length === 0 ? '' : `, ${applied.length} migration(s) applied`}`);
  return { url, pid: postgres.pid };
}

/** New passwords at each start, each in the file of the one process that logs in with it; returns the owner's URL, which has no file. */
async function databaseLogins(adminUrl: string, paths: SecretPaths, port: number): Promise<string> {
  const reached = Object.assign(new URL(adminUrl), { port: String(port) }).href;
  const passwords = new Map(LOGIN_ROLES.map((role) => [role, randomBytes(24).toString('base64url')] as const));
  const passwordOf = (role: LoginRole) => passwords.get(role) ?? '';
  await ensureLoginRoles(adminUrl, passwordOf);
  await giveToOwner(adminUrl);
  for (const role of DATABASE_ROLES) writeSecretFile(paths.secret(databaseUrlFile(role)), `${urlAs(reached, role, passwordOf(role))}\n`);
  return urlAs(adminUrl, OWNER_ROLE, passwordOf(OWNER_ROLE));
}

interface Temporal {
  address: string;
  ui?: string;
  /** Unknown when the server was there before. */
  pid?: number;
}

async function temporalServer({ dataFolder, ports, say }: StackOptions, stops: Stop[]): Promise<Temporal> {
  const source = await findTemporal({ say });
  say(`Temporal: ${source.words}`);
  if (source.kind === 'address') return { address: source.address };
  const databaseFile = join(dataFolder, 'temporal.db');
  const server: TemporalServer = await startTemporal({
    program: source.path,
    port: ports.temporal,
    uiPort: ports['temporal-ui'],
    uiCodecEndpoint: `http://localhost:${ports.codec}`,
    databaseFile,
    logFile: logOf(dataFolder, 'temporal'),
  });
  stops.push(() => server.stop());
  chmodSync(databaseFile, 0o600); // histories are for whoever may read the keys too
  say(`Temporal is up on port ${ports.temporal}`);
  return { address: server.address, ui: `http://localhost:${ports['temporal-ui']}`, pid: server.pid };
}

interface Part {
  name: string;
  line: Lifeline;
  health: string;
  log: string;
}

function startParts(
  { dataFolder, ports, reach = ON_THIS_MACHINE, settings }: StackOptions,
  env: Record<string, Environment>,
  paths: SecretPaths,
  stops: Stop[],
): Part[] {
  const start = (name: string, args: string[], port: number, path: string): Part => {
    const log = logOf(dataFolder, name);
    const line = startServiceProcess(args, log, { ...env[name], ...settings });
    stops.push(() => line.stop());
    return { name, line, health: `http://127.0.0.1:${port}${path}`, log };
  };
  const tokenService = [
    'dev-token-service',
    '--port',
    String(ports['token-service']),
    '--jwk-file',
    paths.secret('token-service.jwk.json'),
    '--audience',
    AUDIENCE,
    '--api-url',
    apiUrl(ports, reach),
    '--api-ca-file',
    paths.tls('ca.crt.pem'),
  ];
  return [
    start('codec', ['codec'], ports.codec, '/healthz'),
    start('issuer', ['issuer'], ports['issuer-health'], '/readyz'),
    start('worker', ['worker'], ports['worker-health'], '/readyz'),
    start('api', ['api'], ports['api-health'], '/readyz'),
    start('token-service', tokenService, ports['token-service'], '/healthz'),
  ];
}

const READY_MS = 90_000;

async function ready({ name, line, health, log }: Part, signal: AbortSignal): Promise<void> {
  let ended: number | undefined;
  void line.ended.then((code) => {
    ended = code;
  });
  for (const end = Date.now() + READY_MS; Date.now() < end && ended === undefined; ) {
    if (signal.aborted) throw new Error('Interrupted before everything was up.');
    if (await isReady(health)) return;
    await sleep(150);
  }
  const why = ended === undefined ? 'did not become ready within 90 s' : `ended with code ${ended}`;
  throw new Error(`${name} ${why}. The end of ${log}:\n${readFileSync(log, 'utf8').slice(-1_500)}`);
}

function describe(
  { ports, reach = ON_THIS_MACHINE }: StackOptions,
  paths: SecretPaths,
  postgres: DatabaseServer,
  temporal: Temporal,
  env: Record<string, Environment>,
  parts: Part[],
): DevJson {
  return {
    api: apiUrl(ports, reach),
    apiOfDevices: apiUrlsOfDevices(ports, reach),
    publicFiles: publicFilesUrl(ports, reach),
    tlsCaFile: paths.tls('ca.crt.pem'),
    rootCertificateFiles: [paths.pki('root.crt.pem')],
    jwt: { issuer: issuerOf({ port: ports['token-service'] }), audience: AUDIENCE, privateJwkFile: paths.secret('token-service.jwk.json') },
    operator: { url: operatorUrl(ports), issuer: issuerOf({ port: ports['token-service'] }), audience: OPERATOR_AUDIENCE },
    tokenService: issuerOf({ port: ports['token-service'] }),
    temporal: {
      address: temporal.address,
      namespace: 'default',
      codecServer: `http://localhost:${ports.codec}`,
      ...(temporal.ui === undefined ? {} : { ui: temporal.ui }),
    },
    health: { api: healthUrl(ports['api-health']), worker: healthUrl(ports['worker-health']), issuer: healthUrl(ports['issuer-health']) },
    databaseUrl: postgres.url,
    environments: env,
    pids: { ...pidsOf(parts), postgres: postgres.pid, ...(temporal.pid === undefined ? {} : { temporal: temporal.pid }) },
  };
}

function pidsOf(parts: Part[]): Record<string, number> {
  return Object.fromEntries(parts.map(({ name, line }) => [name, line.pid]));
}

function healthUrl(port: number): string {
  return `http://127.0.0.1:${port}/readyz`;
}

function logOf(dataFolder: string, name: string): string {
  return join(dataFolder, 'logs', `${name}.log`);
}

function once(work: Stop): Stop {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}
