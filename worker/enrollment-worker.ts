import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { RefusalInterceptor } from '../activities/failure.ts';
import { createEnrollmentActivities } from '../activities/index.ts';
import type { EnrollmentDeps } from '../activities/ports.ts';
import { type EnrollmentGateway, temporalGateway } from '../api/gateway.ts';
import type { Config } from '../config/load-config.ts';
import { ENROLLMENT_TASK_QUEUE } from '../contract/temporal.ts';
import { type EvidenceKey, openEvidenceKey } from '../core/evidence/evidence-key.ts';
import { signReceipt } from '../core/evidence/sign-receipt.ts';
import { type Check, startHealthListener } from '../process/health-listener.ts';
import { startLoop } from '../process/loop.ts';
import type { Running } from '../process/run-process.ts';
import type { CheckpointRule } from '../store/audit-checkpoint.ts';
import { type Database, databaseTime, openDatabase } from '../store/database.ts';
import { lazyClient } from '../temporal/connection.ts';
import { dataConverter } from '../temporal/data-converter.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { startEvidenceLoops } from './evidence-loops.ts';
import { sweep } from './sweeper.ts';
import { startTemporalPart, type TemporalPart } from './temporal-part.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

type WorkerConfig = Config<'worker'>;

/** Above the longest local activity: what runs is finished before the process ends. */
const SHUTDOWN_GRACE = '25 s';
/** The default of 10 s would delay every open enrollment that long after a killed worker (measured). */
const STICKY_TIMEOUT = '3 s';

/** The enrollment worker: workflows, short steps, sweeper. It holds the evidence key and no CA key. Starts without Temporal and database. */
export async function startEnrollmentWorker(config: WorkerConfig, log: Logger): Promise<Running> {
  const evidence = openEvidenceKey(config.evidenceKey);
  const db = openDatabase(config.databaseUrl);
  const { client, connection } = lazyClient(temporalOf(config), config.codecKeys);
  const gateway = temporalGateway(client, { taskQueueSuffix: config.taskQueueSuffix, now: Date.now });
  const evidenceLoops = startEvidenceLoops({ db, log, evidence, rule: checkpointRule(config), history: gateway.history });
  const sweeper = startLoop(
    'sweeper',
    config.sweepIntervalSeconds,
    () => sweepOnce(config, db, gateway, log),
    log,
    () => new Date(),
  );
  const temporal = startTemporalPart(temporalOf(config), log, async (native) => {
    await ensureSearchAttributes(connection, config.temporalNamespace);
    return createWorker(config, native, depsOf(config, db, evidence));
  });
  const health = await startHealthListener(config.internalHost, config.workerHealthPort, checks(db, temporal));
  const stop = async (): Promise<void> => {
    await temporal.stop();
    await Promise.all([sweeper.stop(), evidenceLoops.stop()]);
    await connection.close();
    await health.close();
    await db.$disconnect();
  };
  return { stop, died: temporal.died };
}

function temporalOf({ temporalAddress: address, temporalNamespace: namespace, temporalTlsCaFile: tlsCaFile }: WorkerConfig) {
  return { address, namespace, tlsCaFile };
}

function sweepOnce(config: WorkerConfig, db: Database, gateway: EnrollmentGateway, log: Logger): Promise<void> {
  const { sweepGraceSeconds: graceSeconds, startGraceSeconds } = config;
  return sweep({ db, log, graceSeconds, startGraceSeconds, start: (row) => gateway.start(row) });
}

function checkpointRule({ auditCheckpointRows: everyRows, auditCheckpointSeconds: everySeconds }: WorkerConfig): CheckpointRule {
  return { everyRows, everySeconds };
}

function depsOf(config: WorkerConfig, db: Database, evidence: EvidenceKey): EnrollmentDeps {
  const { challengeKeys, allowedKeyTypes, maxCsrRefusals, maxAckRefusals } = config;
  return { db, challengeKeys, allowedKeyTypes, maxCsrRefusals, maxAckRefusals, signReceipt: (facts) => signReceipt(facts, evidence) };
}

async function createWorker(config: WorkerConfig, connection: NativeConnection, deps: EnrollmentDeps): Promise<Worker> {
  const workflowBundle = config.workflowBundle === undefined ? await bundleWorkflows() : { codePath: config.workflowBundle };
  return Worker.create({
    connection,
    namespace: config.temporalNamespace,
    taskQueue: ENROLLMENT_TASK_QUEUE + config.taskQueueSuffix,
    dataConverter: dataConverter(config.codecKeys),
    workflowBundle,
    activities: createEnrollmentActivities(deps),
    interceptors: { activity: [() => ({ inbound: new RefusalInterceptor() })] },
    maxCachedWorkflows: config.maxCachedWorkflows,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
    shutdownGraceTime: SHUTDOWN_GRACE,
  });
}

function checks(db: Database, temporal: TemporalPart): Check[] {
  return [
    { name: 'database', check: async () => ({ ok: (await databaseTime(db)).getTime() > 0 }) },
    { name: 'temporal', check: async () => (temporal.isWorking() ? { ok: true } : { ok: false, detail: 'waiting for Temporal' }) },
  ];
}
