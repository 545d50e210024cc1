import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import pg from 'pg';
import { anyPorts } from '../../cli/dev/any-ports.ts';
import { secretPaths } from '../../cli/dev/dev-secrets.ts';
import { type Stack, startStack } from '../../cli/dev/stack.ts';
import { readKeyRing } from '../../config/key-ring-file.ts';
import type { KeyRing } from '../../core/key-ring.ts';
import { enrollKnown, type KnownEnrollment } from './known-enrollment.ts';
import {
  decodedHistoriesPlace,
  dumpPlace,
  filePlace,
  logPlace,
  memoryPlace,
  metricsPlace,
  type Place,
  rawHistoriesPlace,
} from './places.ts';
import {
  type PlantedMemory,
  plantFile,
  plantInDatabase,
  plantInFile,
  plantInHistories,
  plantInMemory,
  plantInMetrics,
} from './planted-places.ts';
import { newPlants, type Plant } from './plants.ts';
import { Search } from './search.ts';
import type { Secret } from './secret-forms.ts';
import { serviceSecrets } from './service-secrets.ts';

export interface CanaryCell {
  secret: string;
  /** Form → how often; empty: nothing was found. */
  found: Readonly<Record<string, number>>;
  /** The place is the memory of a process that is given this secret, or the secret was planted there. */
  expected: boolean;
}

export interface CanaryRow {
  place: string;
  octets: number;
  cells: readonly CanaryCell[];
}

export interface CanaryReport {
  rows: readonly CanaryRow[];
  /** What was found where it must not be. */
  leaks: readonly string[];
  /** Plants that were not found where they were put: the search would not see a leak there. */
  missed: readonly string[];
  /** Sealed keys in live rows after the acknowledgement. */
  sealedInRows: number;
}

export interface CanaryOptions {
  say: (sentence: string) => void;
}

interface Scene {
  stack: Stack;
  dataFolder: string;
  temporaryFolder: string;
  adminUrl: string;
  connection: Connection;
  codecKeys: KeyRing;
  plants: readonly Plant[];
}

/**
 * Two enrollments whose secrets are known, then a search of everything that the service wrote or still holds, for every form of every
 * secret, with planted values beside them that must be found. Needs Linux and the right to read other processes' memory.
 */
export async function runCanary({ say }: CanaryOptions): Promise<CanaryReport> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'cs-canary-'));
  chmodSync(dataFolder, 0o711);
  const temporaryFolder = join(dataFolder, 'tmp');
  mkdirSync(temporaryFolder);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporaryFolder;
  try {
    return await inStack(dataFolder, temporaryFolder, say);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

async function inStack(dataFolder: string, temporaryFolder: string, say: CanaryOptions['say']): Promise<CanaryReport> {
  const settings = { CS_LOG_LEVEL: 'debug', CS_KEY_THREAD_SECONDS: '1', CS_KEY_THREAD_KEYS: '1', CS_CRL_INTERVAL_SECONDS: '1' };
  const stack = await startStack({
    dataFolder,
    ports: await anyPorts(),
    say: () => undefined,
    signal: new AbortController().signal,
    settings,
  });
  const connection = await Connection.connect({ address: stack.dev.temporal.address });
  const paths = secretPaths(dataFolder);
  const adminUrl = adminUrlOf(stack.dev.databaseUrl, readFileSync(paths.secret('database.password'), 'utf8'));
  const codecKeys = readKeyRing(paths.secret('codec.keys'));
  try {
    const scene = { stack, dataFolder, temporaryFolder, adminUrl, connection, codecKeys, plants: newPlants() };
    const known = await enrollTwo(scene);
    say('two enrollments are complete; waiting for the key threads to end');
    await sleep(3_000);
    return await searchEverything(scene, known, say);
  } finally {
    await connection.close();
    await stack.stop();
  }
}

/** An EC enrollment that sets the PIN up, an RSA one of the same user that verifies it, after a wrong entry. */
async function enrollTwo(scene: Scene): Promise<KnownEnrollment[]> {
  const { stack, adminUrl } = scene;
  const pin = String(randomInt(1e11, 9e11));
  const wish = {
    dev: stack.dev,
    folder: `${scene.dataFolder}/cards`,
    userId: 'u-canary',
    pin,
    readSealed: (id: string) => sealedOf(adminUrl, id),
  };
  const first = await enrollKnown({ ...wish, deviceId: 'd-canary-ec', keyType: 'EC:P-256', deliveryFormat: 'jwe' });
  const second = await enrollKnown({ ...wish, deviceId: 'd-canary-rsa', keyType: 'RSA:2048', deliveryFormat: 'cms' });
  return [first, second];
}

async function searchEverything(scene: Scene, known: readonly KnownEnrollment[], say: CanaryOptions['say']): Promise<CanaryReport> {
  const planted = await plantEverywhere(scene);
  const secrets = unique([...known.flatMap((one) => one.secrets), ...serviceSecrets(scene.dataFolder)]);
  try {
    const rows: CanaryRow[] = [];
    for (const { place, hasPlants, owner } of await placesOf(scene, planted)) {
      const row = await searchPlace(place, secrets, hasPlants ? scene.plants : [], owner);
      say(`${row.place}: ${(row.octets / 1e6).toFixed(1)} MB searched`);
      rows.push(row);
    }
    return { rows, ...judge(rows, scene.plants), sealedInRows: await sealedLeft(scene.adminUrl, known) };
  } finally {
    await Promise.all([planted.memory.end(), planted.metrics.end()]);
  }
}

interface PlantedThings {
  databaseUrl: string;
  memory: PlantedMemory;
  metrics: PlantedMemory;
}

async function plantEverywhere({ adminUrl, connection, codecKeys, plants, dataFolder, temporaryFolder }: Scene): Promise<PlantedThings> {
  const databaseUrl = await plantInDatabase(adminUrl, plants);
  await plantInHistories(connection, codecKeys, plants);
  plantInFile(plantFile(join(dataFolder, 'logs')), plants);
  plantInFile(plantFile(temporaryFolder), plants);
  return { databaseUrl, memory: await plantInMemory(plants), metrics: await plantInMetrics(plants) };
}

interface SearchedPlace {
  place: Place;
  hasPlants: boolean;
  /** Name of the process whose memory it is. */
  owner?: string;
}

async function placesOf(
  { stack: { dev }, dataFolder, temporaryFolder, adminUrl, connection, codecKeys }: Scene,
  planted: PlantedThings,
): Promise<SearchedPlace[]> {
  const cluster = await dataDirectory(adminUrl);
  const wal = join(cluster, 'pg_wal');
  const metrics = Object.values(dev.health).map((url) => url.replace(/readyz$/, 'metrics'));
  const withPlants = [
    filePlace('database files', [cluster], [wal]),
    filePlace('write-ahead log', [wal]),
    dumpPlace('dump of a planted database', planted.databaseUrl),
    filePlace(
      'Temporal database',
      ['', '-wal', '-shm'].map((ending) => join(dataFolder, `temporal.db${ending}`)),
    ),
    rawHistoriesPlace(connection),
    decodedHistoriesPlace(connection, codecKeys),
    logPlace(dataFolder),
    filePlace('temporary files', [temporaryFolder]),
    planted.metrics.place,
    planted.memory.place,
  ].map((place) => ({ place, hasPlants: true }));
  const others = [dumpPlace('dump (all live rows)', adminUrl), metricsPlace('metrics', metrics)].map((place) => ({
    place,
    hasPlants: false,
  }));
  const memories = Object.entries(dev.pids).map(([name, pid]) => ({ place: memoryPlace(name, pid), hasPlants: false, owner: name }));
  return [...withPlants, ...others, ...memories];
}

async function searchPlace(place: Place, secrets: readonly Secret[], plants: readonly Plant[], owner?: string): Promise<CanaryRow> {
  const search = new Search([...secrets, ...plants.map(({ secret }) => secret)]);
  let octets = 0;
  for await (const part of place.parts()) octets += await search.readAll(part);
  const names = new Map([...secrets, ...plants.map(({ secret }) => secret)].map((secret) => [secret.name, secret]));
  const cells = [...names.values()].map(({ name, owners = [] }) => ({
    secret: name,
    found: Object.fromEntries(search.found.get(name) ?? []),
    expected: name.startsWith(PLANTED) || (owner !== undefined && owners.includes(owner)),
  }));
  return { place: place.name, octets, cells };
}

const PLANTED = 'planted: ';
/** What is no text cannot be in metrics, which are; a dump shows octets as hex, whatever they stand for. */
const NOT_IN_TEXT = new Set(['octets', 'little-endian', 'UTF-16', 'a prime in PKCS#8'].map((form) => PLANTED + form));
const TEXT_PLACES = /^(metrics|dump)/;

function judge(rows: readonly CanaryRow[], plants: readonly Plant[]): Pick<CanaryReport, 'leaks' | 'missed'> {
  const leaks = rows.flatMap(({ place, cells }) =>
    cells.filter((cell) => !cell.expected && isFound(cell)).map(({ secret, found }) => `${secret} in ${place}: ${JSON.stringify(found)}`),
  );
  const missed = rows
    .filter(({ cells }) => cells.some(({ secret }) => secret.startsWith(PLANTED)))
    .flatMap(({ place, cells }) =>
      plants
        .filter(({ secret: { name } }) => !(TEXT_PLACES.test(place) && NOT_IN_TEXT.has(name)))
        .filter(({ secret: { name } }) => !cells.some((cell) => cell.secret === name && isFound(cell)))
        .map(({ secret: { name } }) => `${name} in ${place}`),
    );
  return { leaks, missed };
}

function isFound({ found }: CanaryCell): boolean {
  return Object.keys(found).length > 0;
}

/** PIN and its hash are those of both enrollments. */
function unique(secrets: readonly Secret[]): Secret[] {
  return [...new Map(secrets.map((secret) => [`${secret.name} ${secret.octets.toString('hex')}`, secret])).values()];
}

function adminUrlOf(databaseUrl: string, password: string): string {
  const url = new URL(databaseUrl);
  url.username = 'postgres';
  url.password = encodeURIComponent(password);
  return url.href;
}

async function dataDirectory(url: string): Promise<string> {
  const [row] = await query<{ data_directory: string }>(url, 'SHOW data_directory');
  return row?.data_directory ?? '';
}

async function sealedOf(url: string, enrollmentId: string): Promise<string> {
  const [row] = await query<{ sealed: string | null }>(url, 'SELECT sealed FROM delivery WHERE enrollment_id = $1', enrollmentId);
  if (typeof row?.sealed !== 'string') throw new Error('there is no sealed key before the acknowledgement');
  return row.sealed;
}

/** The text of the sealed keys, in any column of any table. */
async function sealedLeft(url: string, known: readonly KnownEnrollment[]): Promise<number> {
  let found = 0;
  for await (const part of dumpPlace('live rows', url).parts()) {
    const text = Buffer.concat([...part]).toString('latin1');
    found += known.filter(({ sealed }) => text.includes(sealed.slice(100, 160))).length;
  }
  return found;
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string, ...values: unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
