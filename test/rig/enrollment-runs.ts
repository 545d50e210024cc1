import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { afterAll } from 'vitest';
import { RefusalInterceptor } from '../../activities/failure.ts';
import { createEnrollmentActivities, createIssuanceActivities } from '../../activities/index.ts';
import type { IssuanceDeps } from '../../activities/ports.ts';
import { type EnrollmentGateway, temporalGateway } from '../../api/gateway.ts';
import { type EnrollmentId, enrollmentWorkflowId } from '../../contract/ids.ts';
import type { State } from '../../contract/states.ts';
import { ENROLLMENT_TASK_QUEUE, enrollmentProcess, ISSUANCE_TASK_QUEUE, type StageLimits } from '../../contract/temporal.ts';
import { databaseTime } from '../../store/database.ts';
import { dataConverter } from '../../temporal/data-converter.ts';
import { ENROLLMENT_WORKER } from '../../worker/enrollment-worker-options.ts';
import { createRow, type DeviceIds, newDevice, satisfyPin, TEST_LIMITS } from './enrollment-rows.ts';
import type { EnrollmentWorld } from './enrollment-world.ts';
import type { RowStage } from './row-stages.ts';
import './quiet-runtime.ts';
import { submit, takeCredentials } from './test-device.ts';
import { TEST_CODEC_KEYS } from './test-keys.ts';
import { taskQueueSuffix } from './test-temporal.ts';
import { workflowBundlePath } from './workflow-bundle.ts';

/** A run and what its device holds. */
export interface Run extends RowStage {
  handle: WorkflowHandle;
}

/** The real workers on task queues of their own, and the API's gateway to them. */
export interface EnrollmentRuns {
  readonly world: EnrollmentWorld;
  readonly client: Client;
  readonly gateway: EnrollmentGateway;
  readonly enrollmentQueue: string;
  /** Starts the issuance worker, when it was not there from the beginning. */
  startIssuance(deps?: IssuanceDeps): Promise<void>;
  /** Creates an enrollment and brings it to a state with the calls of API and device. `issuing` lasts only while issuance is away. */
  bring(
    state: 'awaiting-pin' | 'awaiting-csr' | 'issuing' | 'awaiting-ack' | 'completed',
    limits?: StageLimits,
    device?: DeviceIds,
  ): Promise<Run>;
}

interface Parts {
  client: Client;
  nativeConnection: NativeConnection;
  issuance: 'there' | 'away';
}

/** Workers as worker/ creates them; stopped after the file's tests. */
export async function enrollmentRuns(world: EnrollmentWorld, { client, nativeConnection, issuance }: Parts): Promise<EnrollmentRuns> {
  const suffix = taskQueueSuffix();
  const shared = { connection: nativeConnection, dataConverter: dataConverter(TEST_CODEC_KEYS), shutdownGraceTime: '5 s' };
  const interceptors = { activity: [() => ({ inbound: new RefusalInterceptor() })] };
  const startIssuance = async (deps = world.issuanceDeps): Promise<void> =>
    runUntilEnd(
      await Worker.create({ ...shared, interceptors, taskQueue: ISSUANCE_TASK_QUEUE + suffix, activities: createIssuanceActivities(deps) }),
    );
  const enrollmentQueue = ENROLLMENT_TASK_QUEUE + suffix;
  const activities = createEnrollmentActivities(world.enrollmentDeps);
  runUntilEnd(
    await Worker.create({
      ...shared,
      interceptors,
      taskQueue: enrollmentQueue,
      activities,
      enableNonLocalActivities: ENROLLMENT_WORKER.enableNonLocalActivities,
      workflowBundle: { codePath: workflowBundlePath() },
    }),
  );
  if (issuance === 'there') await startIssuance();
  const gateway = temporalGateway(client, { taskQueueSuffix: suffix, now: Date.now, databaseTime: () => databaseTime(world.db) });
  const parts = { world, client, gateway, enrollmentQueue };
  return { ...parts, startIssuance, bring: (state, limits, device) => bring(parts, state, limits, device) };
}

function runUntilEnd(worker: Worker): void {
  const running = worker.run();
  afterAll(async () => {
    worker.shutdown();
    await running;
  });
}

type Target = Parameters<EnrollmentRuns['bring']>[0];

async function bring(
  { world: { db }, client, gateway }: Pick<EnrollmentRuns, 'world' | 'client' | 'gateway'>,
  state: Target,
  limits = TEST_LIMITS,
  device = newDevice(),
): Promise<Run> {
  const row = await createRow(db, device, limits);
  const { id } = row;
  const handle = client.workflow.getHandle(enrollmentWorkflowId(id));
  await gateway.start(row);
  await stands(handle, 'awaiting-pin');
  if (state === 'awaiting-pin') return { id, device, handle };
  await satisfyPin(db, id);
  await gateway.wake(id, 'pinSatisfied');
  await stands(handle, 'awaiting-csr');
  if (state === 'awaiting-csr') return { id, device, handle };
  const submitted = await submit(db, id);
  if (state === 'issuing') {
    await handle.startUpdate('submitCsr', { args: [{ digest: submitted.digest }], waitForStage: 'ACCEPTED' });
    await stands(handle, 'issuing');
    return { id, device, handle, submitted };
  }
  await gateway.submitCsr(id, submitted.digest, randomUUID(), 20_000);
  if (state === 'awaiting-ack') return { id, device, handle, submitted };
  const { proof } = await takeCredentials(db, id, submitted);
  await gateway.acknowledge(id, proof, randomUUID());
  await handle.result();
  return { id, device, handle, submitted, proof };
}

/** Waits until the run itself says that it stands in a stage. */
export async function stands(handle: WorkflowHandle, stage: State): Promise<void> {
  await until(async () => (await handle.query(enrollmentProcess)).stage === stage, `the run stands in ${stage}`);
}

/** Polls until something is true; throws what was waited for after ten seconds, or as many as are said. */
export async function until(check: () => Promise<boolean>, what: string, seconds = 10): Promise<void> {
  for (let waited = 0; waited < seconds * 1_000; waited += 50) {
    if (await check()) return;
    await sleep(50);
  }
  throw new Error(`waited in vain: ${what}`);
}

/** The row's state and code, as an operator would look them up. */
export async function stateOf({ db }: EnrollmentWorld, id: EnrollmentId): Promise<{ state: string; code: string | null }> {
  return db.enrollment.findUniqueOrThrow({ where: { id }, select: { state: true, code: true } });
}
