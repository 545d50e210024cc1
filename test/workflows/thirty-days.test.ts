import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { RefusalInterceptor } from '../../activities/failure.ts';
import { temporalGateway } from '../../api/gateway.ts';
import { enrollmentWorkflowId } from '../../contract/ids.ts';
import { CS_DEADLINE, CS_FAILURE_CODE, CS_STATE } from '../../contract/search-attributes.ts';
import { ENROLLMENT_TASK_QUEUE, ISSUANCE_TASK_QUEUE, type StageLimits } from '../../contract/temporal.ts';
import { databaseTime } from '../../store/database.ts';
import { dataConverter } from '../../temporal/data-converter.ts';
import { changedBundle } from '../replay/changed-bundle.ts';
import { createRow, newDevice, satisfyPin } from '../rig/enrollment-rows.ts';
import { stands, until } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { submit, takeCredentials } from '../rig/test-device.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import { taskQueueSuffix } from '../rig/test-temporal.ts';
import { timeSkippingTemporal } from '../rig/time-skipping.ts';
import { workflowBundlePath } from '../rig/workflow-bundle.ts';

const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_DATETIME } = proto.temporal.api.enums.v1.IndexedValueType;
const DAY = 86_400;
/** As CS_PIN_SECONDS, CS_CSR_SECONDS and CS_WHOLE_SECONDS may be set. */
const MONTH: StageLimits = { pinSeconds: 30 * DAY, csrSeconds: 30 * DAY, ackSeconds: 900, wholeSeconds: 30 * DAY };
const suffix = taskQueueSuffix();
let environment: TestWorkflowEnvironment;
let world: EnrollmentWorld;

beforeAll(async () => {
  environment = await timeSkippingTemporal();
  const searchAttributes = {
    [CS_STATE.name]: INDEXED_VALUE_TYPE_KEYWORD,
    [CS_FAILURE_CODE.name]: INDEXED_VALUE_TYPE_KEYWORD,
    [CS_DEADLINE.name]: INDEXED_VALUE_TYPE_DATETIME,
  };
  await environment.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
  world = await enrollmentWorld();
});

describe('an enrollment that may wait 30 days', () => {
  it('outlives worker restarts and a new workflow version, and completes on its 29th day', async () => {
    const old = await changedBundle({ file: 'continue-as-new.ts', from: "!patched('2026-11-continue-as-new')", to: 'true' });
    const { id, handle } = await during(old, async () => {
      const begun = await begin();
      await satisfyPin(world.db, begun.id);
      await begun.handle.signal('pinSatisfied');
      await stands(begun.handle, 'awaiting-csr');
      return begun;
    });
    for (const bundle of [old, workflowBundlePath()]) {
      await environment.sleep('14 days');
      await during(bundle, () => wakeAndSee(handle));
    }
    await environment.sleep('1 day');
    await during(workflowBundlePath(), async () => {
      const submitted = await submit(world.db, id);
      expect(await handle.executeUpdate('submitCsr', { args: [{ digest: submitted.digest }] })).toEqual({ state: 'awaiting-ack' });
      const { proof } = await takeCredentials(world.db, id, submitted);
      expect(await handle.executeUpdate('acknowledge', { args: [{ proof }] })).toEqual({ state: 'completed' });
      expect(await handle.result()).toEqual({ state: 'completed' });
    });
    const { startTime, closeTime } = await handle.describe();
    expect(Math.floor(((closeTime?.getTime() ?? 0) - startTime.getTime()) / (DAY * 1_000))).toBe(29);
  }, 180_000);

  it('ends after 30 days when the device never comes back, and its row says 30 days too', async () => {
    await during(workflowBundlePath(), async () => {
      const { id, handle } = await begin();
      const { createdAt, stageDeadline, expiresAt } = await world.db.enrollment.findUniqueOrThrow({ where: { id } });
      for (const end of [stageDeadline, expiresAt]) expect(end.getTime() - createdAt.getTime()).toBe(30 * DAY * 1_000);
      expect(await handle.result()).toEqual({ state: 'expired', code: 'deadline_pin' });
      const { startTime, closeTime } = await handle.describe();
      expect(Math.round(((closeTime?.getTime() ?? 0) - startTime.getTime()) / (DAY * 1_000))).toBe(30);
    });
  }, 60_000);
});

async function begin() {
  const { client } = environment;
  const gateway = temporalGateway(client, { taskQueueSuffix: suffix, now: Date.now, databaseTime: () => databaseTime(world.db) });
  const row = await createRow(world.db, newDevice(), MONTH);
  await gateway.start(row);
  const handle = client.workflow.getHandle(enrollmentWorkflowId(row.id));
  await stands(handle, 'awaiting-pin');
  return { id: row.id, handle };
}

/** The signal is answered by a workflow task of the worker that is there now. */
async function wakeAndSee(handle: WorkflowHandle): Promise<void> {
  const tasks = async () => (await handle.fetchHistory()).events?.filter((event) => event.workflowTaskCompletedEventAttributes).length ?? 0;
  const before = await tasks();
  await handle.signal('pinSatisfied');
  await until(async () => (await tasks()) > before, 'the run was played', 60);
}

/** Both workers run while something is done, with this bundle, and end after it. */
async function during<Result>(codePath: string, work: () => Promise<Result>): Promise<Result> {
  const shared = {
    connection: environment.nativeConnection,
    dataConverter: dataConverter(TEST_CODEC_KEYS),
    interceptors: { activity: [() => ({ inbound: new RefusalInterceptor() })] },
    activities: world.activities,
    maxCachedWorkflows: 0, // this server would keep messages for the sticky queue of a worker that is gone
  };
  const issuing = await Worker.create({ ...shared, taskQueue: ISSUANCE_TASK_QUEUE + suffix });
  const enrolling = await Worker.create({ ...shared, taskQueue: ENROLLMENT_TASK_QUEUE + suffix, workflowBundle: { codePath } });
  return issuing.runUntil(() => enrolling.runUntil(work));
}
