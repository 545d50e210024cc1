import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { RefusalInterceptor } from '../activities/failure.ts';
import { createEnrollmentActivities } from '../activities/index.ts';
import type { EnrollmentDeps } from '../activities/ports.ts';
import { type EnrollmentGateway, temporalGateway } from '../api/gateway.ts';
import { type Config, ConfigError } from '../config/load-config.ts';
import { ENROLLMENT_TASK_QUEUE } from '../contract/temporal.ts';
import { type EvidenceKey, openEvidenceKey } from '../core/evidence/evidence-key.ts';
import { armFaultPoints } from '../faults/arm.ts';
import { clockCheck } from '../process/clock-check.ts';
import { type Check, startHealthListener } from '../process/health-listener.ts';
import { type Loop, startLoop } from '../process/loop.ts';
import type { Running } from '../process/run-process.ts';
import { type WatchedCheck, watchCheck } from '../process/watch-check.ts';
import type { CheckpointRule } from '../store/audit-checkpoint.ts';
import { clockDifferenceMs } from '../store/clock-difference.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { databaseClock } from '../store/database-clock.ts';
import { probeDatabase } from '../store/probe-database.ts';
import { clusterIdentity } from '../temporal/cluster-identity.ts';
import { lazyClient } from '../temporal/connection.ts';
import { dataConverter } from '../temporal/data-converter.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { temporalOf } from '../temporal/temporal-address.ts';
import { deploymentVersion } from './deployment-version.ts';
import { ENROLLMENT_WORKER } from './enrollment-worker-options.ts';
import { startEvidenceLoops } from './evidence-loops.ts';
import { lostRuns } from './lost-runs.ts';
import { overdueWatch } from './overdue-watch.ts';
import { type PublishedEvidence, publishedEvidence } from './published-evidence.ts';
import { startRetention } from './retention.ts';
import { sweepTurn } from './sweep-turn.ts';
import { startTemporalPart, type TemporalPart } from './temporal-part.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

type WorkerConfig = Config<'worker'>;
type TemporalConnection = ReturnType<typeof lazyClient>['connection'];

/** The enrollment worker: workflows, short steps, sweeper. It holds the evidence key and no CA key. Starts without Temporal and database. */
export async function startEnrollmentWorker(config: WorkerConfig, log: Logger): Promise<Running> {
  armFaultPoints('worker', config.faultPointsSocket);
  const evidenceKey = evidenceKeyOf(config);
  const db = openDatabase(config.databaseUrl);
  const evidence = publishedEvidence(db, evidenceKey);
  // A role of its own: the loop that may end any enrollment can do nothing else.
  const sweeperDb = openDatabase(config.sweeperDatabaseUrl, { poolSize: 2 });
  const { client, connection } = lazyClient(temporalOf(config), config.codecKeys);
  const gateway = temporalGateway(client, {
    taskQueueSuffix: config.taskQueueSuffix,
    now: Date.now,
    databaseTime: databaseClock(db),
  });
  const evidenceLoops = startEvidenceLoops({
    db,
    log,
    evidence: evidenceKey,
    published: evidence,
    rule: checkpointRule(config),
    history: gateway.history,
  });
  const { overdue, loops } = startLoops(config, { db, sweeperDb, gateway, connection, log });
  const retention = startRetention(config, log);
  const temporal = startTemporalPart(temporalOf(config), log, async (native) => {
    await ensureSearchAttributes(connection, config.temporalNamespace);
    return createWorker(config, native, depsOf(config, db, evidence));
  });
  const databases = watchDatabases(config, { db, sweeperDb }, log);
  const health = await startHealthListener(config.internalHost, config.workerHealthPort, [
    ...checks(databases, db, config, temporal, evidenceLoops.publishing),
    retention.check,
    overdue.check,
  ]);
  overdue.register(health.registry);
  retention.register(health.registry);
  const stop = async (): Promise<void> => {
    for (const database of databases) database.stop();
    await temporal.stop();
    await Promise.all([loops.stop(), evidenceLoops.stop(), retention.stop()]);
    await connection.close();
    await health.close();
    await Promise.all([db.$disconnect(), sweeperDb.$disconnect()]);
  };
  return { stop, died: temporal.died };
}

function evidenceKeyOf({ evidenceKey }: WorkerConfig): EvidenceKey {
  try {
    return openEvidenceKey(evidenceKey);
  } catch (error) {
    throw new ConfigError(`worker cannot start:\n  - CS_EVIDENCE_KEY_FILE: ${error instanceof Error ? error.message : 'no key'}`);
  }
}

interface LoopParts {
  db: Database;
  sweeperDb: Database;
  gateway: EnrollmentGateway;
  connection: TemporalConnection;
  log: Logger;
}

/** Sweeper and the search for lost runs. */
function startLoops(config: WorkerConfig, { db, sweeperDb, gateway, connection, log }: LoopParts) {
  const { sweepGraceSeconds: graceSeconds, sweepIntervalSeconds: intervalSeconds } = config;
  const overdue = overdueWatch({ db: sweeperDb, log, graceSeconds, intervalSeconds });
  const loop = (name: string, turn: () => Promise<void>) => startLoop(name, intervalSeconds, turn, log, () => new Date());
  const loops = [
    loop('sweeper', sweepTurn(config, sweeperDb, gateway, log, overdue)),
    loop('lost runs', lostRunsTurn(config, connection, db, gateway, log)),
  ];
  return { overdue, loops: { stop: () => Promise.all(loops.map((one) => one.stop())) } };
}

function watchDatabases(
  { databaseUrl, sweeperDatabaseUrl }: WorkerConfig,
  { db, sweeperDb }: Record<'db' | 'sweeperDb', Database>,
  log: Logger,
): WatchedCheck[] {
  return [
    watchCheck({ name: 'database', check: () => probeDatabase({ db, url: databaseUrl }) }, log),
    watchCheck({ name: 'sweeper database', check: () => probeDatabase({ db: sweeperDb, url: sweeperDatabaseUrl }) }, log),
  ];
}

function lostRunsTurn(
  { temporalNamespace }: WorkerConfig,
  connection: TemporalConnection,
  db: Database,
  gateway: EnrollmentGateway,
  log: Logger,
) {
  return lostRuns({
    db,
    log,
    cluster: () => clusterIdentity(connection, temporalNamespace),
    prepare: () => ensureSearchAttributes(connection, temporalNamespace),
    start: (row) => gateway.start(row),
  });
}

function checkpointRule({ auditCheckpointRows: everyRows, auditCheckpointSeconds: everySeconds }: WorkerConfig): CheckpointRule {
  return { everyRows, everySeconds };
}

function depsOf(config: WorkerConfig, db: Database, evidence: PublishedEvidence): EnrollmentDeps {
  const { challengeKeys, allowedKeyTypes, maxCsrRefusals, maxAckRefusals } = config;
  return { db, challengeKeys, allowedKeyTypes, maxCsrRefusals, maxAckRefusals, signReceipt: (facts) => evidence.sign(facts) };
}

async function createWorker(config: WorkerConfig, connection: NativeConnection, deps: EnrollmentDeps): Promise<Worker> {
  const workflowBundle = config.workflowBundle === undefined ? await bundleWorkflows() : { codePath: config.workflowBundle };
  return Worker.create({
    connection,
    namespace: config.temporalNamespace,
    taskQueue: ENROLLMENT_TASK_QUEUE + config.taskQueueSuffix,
    dataConverter: dataConverter(config.codecKeys),
    ...deploymentVersion(config),
    workflowBundle,
    activities: createEnrollmentActivities(deps),
    interceptors: { activity: [() => ({ inbound: new RefusalInterceptor() })] },
    maxCachedWorkflows: config.maxCachedWorkflows,
    ...ENROLLMENT_WORKER,
  });
}

function checks(
  databases: readonly Check[],
  db: Database,
  { clockToleranceSeconds }: WorkerConfig,
  temporal: TemporalPart,
  evidence: Loop,
): Check[] {
  return [
    ...databases,
    clockCheck(clockToleranceSeconds, () => clockDifferenceMs(db, Date.now)),
    { name: 'temporal', check: async () => (temporal.isWorking() ? { ok: true } : { ok: false, detail: 'waiting for Temporal' }) },
    // A receipt whose key nobody can look up is refused by the device.
    {
      name: 'evidence key',
      check: async () => (evidence.lastSuccess() === undefined ? { ok: false, detail: 'not published yet' } : { ok: true }),
    },
  ];
}
