import { randomBytes } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RefusalInterceptor } from '../../activities/failure.ts';
import { temporalGateway } from '../../api/gateway.ts';
import { enrollmentWorkflowId } from '../../contract/ids.ts';
import { ENROLLMENT_TASK_QUEUE, ISSUANCE_TASK_QUEUE } from '../../contract/temporal.ts';
import { databaseTime } from '../../store/database.ts';
import { dataConverter } from '../../temporal/data-converter.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { deploymentVersion } from '../../worker/deployment-version.ts';
import { changedBundle } from '../replay/changed-bundle.ts';
import { createRow, newDevice, satisfyPin } from '../rig/enrollment-rows.ts';
import { stands, until } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { submit, takeCredentials } from '../rig/test-device.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import { connectTestTemporal, type TestTemporal, taskQueueSuffix } from '../rig/test-temporal.ts';
import { workflowBundlePath } from '../rig/workflow-bundle.ts';

const RELEASE_1 = 'Waiting for the CSR';
const RELEASE_2 = 'Awaiting the CSR, says release 2';
let server: TestTemporal;
let world: EnrollmentWorld;
let bundles: Record<'1' | '2', string>;

beforeAll(async () => {
  server = await connectTestTemporal();
  await ensureSearchAttributes(server.connection, 'default');
  world = await enrollmentWorld();
  const changed = await changedBundle({ file: 'operator-card.ts', from: `title: '${RELEASE_1}'`, to: `title: '${RELEASE_2}'` });
  bundles = { '1': workflowBundlePath(), '2': changed };
}, 150_000);

describe.each([
  ['auto-upgrade', RELEASE_2],
  ['pinned', RELEASE_1],
] as const)('two releases side by side, %s', (workerVersioning, afterwards) => {
  const workerDeploymentName = `cs-${randomBytes(4).toString('hex')}`;
  const suffix = taskQueueSuffix();
  const running: { worker: Worker; ended: Promise<void> }[] = [];
  afterAll(async () => {
    for (const { worker } of running) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(running.map(({ ended }) => ended));
  });

  it('an enrollment that was open when release 2 became current goes on and completes; a new one is played by release 2', async () => {
    await startRelease('1');
    await makeCurrent('1');
    const old = await openEnrollment();
    expect(await cardOf(old.handle)).toContain(RELEASE_1);
    await startRelease('2');
    await makeCurrent('2');
    const fresh = await openEnrollment();
    expect(await cardOf(fresh.handle)).toContain(RELEASE_2);
    await old.handle.signal('pinSatisfied');
    await until(async () => (await cardOf(old.handle)).includes(afterwards), 'the old enrollment is played by the release it belongs to');
    for (const enrollment of [old, fresh]) await complete(enrollment);
  }, 120_000);

  async function startRelease(workerBuildId: '1' | '2'): Promise<void> {
    const shared = {
      connection: server.nativeConnection,
      dataConverter: dataConverter(TEST_CODEC_KEYS),
      interceptors: { activity: [() => ({ inbound: new RefusalInterceptor() })] },
      activities: world.activities,
      maxCachedWorkflows: 0, // nothing sticks to a release but what versioning makes stick
      ...deploymentVersion({ workerDeploymentName, workerBuildId, workerVersioning }),
    };
    const workflowBundle = { codePath: bundles[workerBuildId] };
    for (const worker of [
      await Worker.create({ ...shared, taskQueue: ENROLLMENT_TASK_QUEUE + suffix, workflowBundle }),
      await Worker.create({ ...shared, taskQueue: ISSUANCE_TASK_QUEUE + suffix }),
    ])
      running.push({ worker, ended: worker.run() });
  }

  /** As `temporal worker deployment set-current-version` does; before the workers have polled the server knows no such version. */
  async function makeCurrent(buildId: string): Promise<void> {
    const request = { namespace: 'default', deploymentName: workerDeploymentName, buildId, identity: 'test' };
    await until(
      () =>
        server.connection.workflowService.setWorkerDeploymentCurrentVersion(request).then(
          () => true,
          () => false,
        ),
      `release ${buildId} is current`,
    );
  }

  async function openEnrollment() {
    const { client } = server;
    const gateway = temporalGateway(client, { taskQueueSuffix: suffix, now: Date.now, databaseTime: () => databaseTime(world.db) });
    const row = await createRow(world.db, newDevice());
    await satisfyPin(world.db, row.id);
    await gateway.start(row);
    const handle = client.workflow.getHandle(enrollmentWorkflowId(row.id));
    await stands(handle, 'awaiting-csr');
    return { id: row.id, handle };
  }
});

async function complete({ id, handle }: { id: Parameters<typeof submit>[1]; handle: WorkflowHandle }): Promise<void> {
  const submitted = await submit(world.db, id);
  expect(await handle.executeUpdate('submitCsr', { args: [{ digest: submitted.digest }] })).toEqual({ state: 'awaiting-ack' });
  const { proof } = await takeCredentials(world.db, id, submitted);
  expect(await handle.executeUpdate('acknowledge', { args: [{ proof }] })).toEqual({ state: 'completed' });
  expect(await handle.result()).toEqual({ state: 'completed' });
}

async function cardOf(handle: WorkflowHandle): Promise<string> {
  const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return currentDetails ?? '';
}
