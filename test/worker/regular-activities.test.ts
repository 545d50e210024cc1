import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataConverter } from '../../temporal/data-converter.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { type EnrollmentRuns, enrollmentRuns, stateOf } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { historyTracker } from '../rig/histories.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import { connectTestTemporal, type TestTemporal, taskQueueSuffix } from '../rig/test-temporal.ts';

const intruderQueue = `intruder${taskQueueSuffix()}`;
const tracker = historyTracker();
let server: TestTemporal;
let stranger: TestTemporal;
let world: EnrollmentWorld;
let runs: EnrollmentRuns;

beforeAll(async () => {
  server = await connectTestTemporal({ interceptor: tracker.interceptor });
  await ensureSearchAttributes(server.connection, 'default');
  world = await enrollmentWorld();
  runs = await enrollmentRuns(world, { ...server, issuance: 'there' });
  // Of its runs this service has no code to replay.
  stranger = await connectTestTemporal();
  const intruder = await Worker.create({
    connection: stranger.nativeConnection,
    taskQueue: intruderQueue,
    dataConverter: dataConverter(TEST_CODEC_KEYS),
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./fixture-intruder.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
  });
  const running = intruder.run();
  return async () => {
    intruder.shutdown();
    await running;
  };
});

afterAll(async () => expect(await tracker.replayAll(server.client)).toBe(3));

describe('the enrollment worker', () => {
  it('takes no step that another workflow schedules on its queue, though it holds the codec key', async () => {
    const { id } = await runs.bring('awaiting-csr');
    const input = { enrollmentId: id, state: 'failed', code: 'issuing_refused', actor: 'operator:alice' };
    const args = [{ taskQueue: runs.enrollmentQueue, input }];
    const said = await stranger.client.workflow.execute('intrude', { taskQueue: intruderQueue, workflowId: randomUUID(), args });
    expect(said).toBe('nobody took it');
    expect(await stateOf(world, id)).toEqual({ state: 'awaiting-csr', code: null });
    expect(await world.db.audit.count({ where: { enrollmentId: id, action: 'enrollment.end' } })).toBe(0);
  });

  it('does its own short steps all the same, from the first to the last', async () => {
    const { id } = await runs.bring('completed');
    expect(await stateOf(world, id)).toEqual({ state: 'completed', code: null });
  });

  it('writes of a forged message only that the run was asked', async () => {
    const { id, handle } = await runs.bring('awaiting-csr');
    await handle.executeUpdate('cancel', { args: [{ by: 'device' }] });
    const ends = await world.db.audit.findMany({ where: { enrollmentId: id, action: 'enrollment.end' }, select: { actor: true } });
    expect(ends).toEqual([{ actor: 'workflow' }]);
  });
});
