import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, expect, inject, it } from 'vitest';
import { urlAs } from '../../cli/dev/database-roles.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import { loadConfig } from '../../config/load-config.ts';
import { enrollmentWorkflowId } from '../../contract/ids.ts';
import { enrollmentProcess } from '../../contract/temporal.ts';
import { createLogger } from '../../process/logger.ts';
import { openDatabase } from '../../store/database.ts';
import { startEnrollmentWorker } from '../../worker/enrollment-worker.ts';
import { filesIn } from '../core/pki/test-hierarchy.ts';
import { createRow } from '../rig/enrollment-rows.ts';
import { until } from '../rig/enrollment-runs.ts';
import { ROLE_PASSWORD } from '../rig/provided.ts';
import { connectTestTemporal, taskQueueSuffix } from '../rig/test-temporal.ts';
import { workflowBundlePath } from '../rig/workflow-bundle.ts';

const STOP_MS = 15_000;
/** The codec key of the tests, as a key ring file holds it. */
const CODEC_LINE = `test-codec-1 ${Buffer.alloc(32, 1).toString('base64url')}\n`;

it('the enrollment worker starts before database and Temporal are there, works when they come, and stops leaving nothing open', async () => {
  const [temporalPort, healthPort] = [await freePort(), await freePort()];
  const database = `late_${randomBytes(6).toString('hex')}`;
  const url = new URL(inject('rig').postgresUrl);
  url.pathname = `/${database}`;
  const running = await startEnrollmentWorker(configOf(url.href, temporalPort, healthPort), createLogger('test', 'silent'));
  const ready = async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).status;
  expect(await ready()).toBe(503);

  await administer(`CREATE DATABASE ${database} TEMPLATE cs_template`);
  afterAll(() => administer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));
  const db = openDatabase(url.href, { poolSize: 2 });
  const late = await createRow(db);
  const forwarder = await forward(temporalPort, inject('rig').temporalAddress);
  const { client } = await connectTestTemporal();
  const handle = client.workflow.getHandle(enrollmentWorkflowId(late.id));
  await until(async () => (await ready()) === 200, 'the worker is ready');
  await until(
    async () => (await handle.query(enrollmentProcess).catch(() => undefined))?.stage === 'awaiting-pin',
    'the sweeper started the run, the worker plays it',
  );
  await until(async () => (await db.enrollment.findUniqueOrThrow({ where: { id: late.id } })).startedAt !== null, 'the start is noted');

  const begun = Date.now();
  await running.stop();
  expect(Date.now() - begun).toBeLessThan(STOP_MS);
  await expect(ready()).rejects.toThrow();
  expect(await forwarder.open()).toBe(0);
  await forwarder.close();
  await db.$disconnect();
  expect(await connectionsTo(database)).toBe(0);
  await handle.terminate();
}, 90_000);

it('stops within seconds while Temporal never came', async () => {
  const config = configOf('postgresql://nobody@127.0.0.1:1/nothing', await freePort(), await freePort());
  const running = await startEnrollmentWorker(config, createLogger('test', 'silent'));
  const begun = Date.now();
  await running.stop();
  expect(Date.now() - begun).toBeLessThan(STOP_MS);
});

function configOf(databaseUrl: string, temporalPort: number, healthPort: number) {
  const evidence = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const challenge = `7 ${Buffer.alloc(32, 9).toString('base64url')}\n`;
  const as = (role: 'cs_worker' | 'cs_sweeper' | 'cs_retention') => urlAs(databaseUrl, role, ROLE_PASSWORD);
  const path = filesIn({
    database: as('cs_worker'),
    sweeper: as('cs_sweeper'),
    retention: as('cs_retention'),
    codec: CODEC_LINE,
    challenge,
    evidence,
  });
  return loadConfig('worker', {
    CS_ENV: 'development',
    CS_DATABASE_URL_FILE: path('database'),
    CS_SWEEPER_DATABASE_URL_FILE: path('sweeper'),
    CS_RETENTION_DATABASE_URL_FILE: path('retention'),
    CS_TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}`,
    CS_TASK_QUEUE_SUFFIX: taskQueueSuffix(),
    CS_CODEC_KEYS_FILE: path('codec'),
    CS_CHALLENGE_KEYS_FILE: path('challenge'),
    CS_EVIDENCE_KEY_FILE: path('evidence'),
    CS_WORKER_HEALTH_PORT: String(healthPort),
    CS_SWEEP_INTERVAL_SECONDS: '1',
    CS_START_GRACE_SECONDS: '1',
    CS_WORKFLOW_BUNDLE: workflowBundlePath(),
  });
}

/** Lets Temporal appear at a port of ours, and counts who is connected. */
async function forward(port: number, address: string) {
  const [host = '', to = ''] = address.split(':');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const upstream = connect(Number(to), host);
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      upstream.destroy();
    });
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    open: async () => {
      await until(async () => sockets.size === 0, 'every connection to Temporal is closed');
      return sockets.size;
    },
    close: () => new Promise((done) => server.close(done)),
  };
}

async function administer(statement: string): Promise<void> {
  await withAdministrator((client) => client.query(statement));
}

async function connectionsTo(database: string): Promise<number> {
  const { rowCount } = await withAdministrator((client) => client.query('SELECT 1 FROM pg_stat_activity WHERE datname = $1', [database]));
  return rowCount ?? -1;
}

async function withAdministrator<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: inject('rig').postgresUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
