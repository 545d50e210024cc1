import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll } from 'vitest';
import { type EnrolledDevice, type Enrolling, enrollOne } from '../../cli/demo/enroll-one.ts';
import { anyPorts } from '../../cli/dev/any-ports.ts';
import type { DevJson } from '../../cli/dev/dev-json.ts';
import { secretPaths } from '../../cli/dev/dev-secrets.ts';
import { discardData } from '../../cli/dev/discard-data.ts';
import { type Stack, startStack } from '../../cli/dev/stack.ts';
import { readKeyRing } from '../../config/key-ring-file.ts';
import { storeOf } from '../../sdk/card/virtual-card.ts';
import { type Enrolled, resumeEnrollment, VirtualCard } from '../../sdk/index.ts';
import { dataConverter } from '../../temporal/data-converter.ts';

export interface RunningStack {
  dev: DevJson;
  dataFolder: string;
  temporal: Client;
  query: <Row extends pg.QueryResultRow>(sql: string, ...values: unknown[]) => Promise<Row[]>;
  enroll: (wish?: Partial<Enrolling>) => Promise<EnrolledDevice>;
  /** Goes on with the unfinished enrollment of the card of `enroll`'s last call for this device. */
  resume: (wish: { deviceId: string; signal?: AbortSignal }) => Promise<Enrolled>;
  /** The enrollment token that the card of this device keeps while its enrollment is open. */
  tokenOf: (deviceId: string) => Promise<string>;
}

/** The whole stack as `npm start` brings it up, on free ports and in a folder that is deleted after the file's tests. */
export async function runningStack(settings: Record<string, string> = {}): Promise<RunningStack> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'cs-e2e-'));
  chmodSync(dataFolder, 0o711); // PostgreSQL's own user must pass
  const stack: Stack = await startStack({
    dataFolder,
    ports: await anyPorts(),
    say: () => undefined,
    signal: new AbortController().signal,
    settings,
  });
  const connection = await Connection.connect({ address: stack.dev.temporal.address });
  const keys = readKeyRing(secretPaths(dataFolder).secret('codec.keys'));
  const pool = new pg.Pool({ connectionString: stack.dev.databaseUrl, max: 4 });
  pool.on('error', () => undefined);
  afterAll(async () => {
    await pool.end();
    await connection.close();
    await stack.stop();
    discardData(dataFolder);
  });
  const cards = new Map<string, string>();
  return {
    dev: stack.dev,
    dataFolder,
    temporal: new Client({ connection, dataConverter: dataConverter(keys) }),
    query: async (sql, ...values) => (await pool.query(sql, values)).rows,
    enroll: (wish = {}) => {
      const enrolling = { ...ordinary(dataFolder, cards.size + 1), ...wish };
      cards.set(enrolling.deviceId, enrolling.cardFolder);
      return enrollOne(stack.dev, enrolling);
    },
    tokenOf: async (deviceId) => storeOf(await openCard(cards.get(deviceId))).journal.enrollmentToken,
    resume: async ({ deviceId, signal }) => {
      const card = await openCard(cards.get(deviceId));
      return resumeEnrollment({
        baseUrl: stack.dev.api,
        tlsCa: readFileSync(stack.dev.tlsCaFile, 'utf8'),
        roots: stack.dev.rootCertificateFiles.map((file) => readFileSync(file, 'utf8')),
        card,
        askForPin: async () => '482913',
        ...(signal === undefined ? {} : { signal }),
      });
    },
  };
}

function openCard(directory = ''): Promise<VirtualCard> {
  return VirtualCard.open({ directory, deviceSecret: readFileSync(`${directory}.device-secret`) });
}

function ordinary(dataFolder: string, n: number): Enrolling {
  return {
    userId: `u-${n}`,
    deviceId: `d-${n}`,
    pin: '482913',
    pinPolicy: 'verify',
    keyType: 'EC:P-256',
    deliveryFormat: 'jwe',
    cardFolder: join(dataFolder, 'cards', String(n)),
    onRegistered: () => undefined,
    onStep: () => undefined,
  };
}
