import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { OpenState } from '../../contract/states.ts';
import { clearClient } from '../rig/clear-client.ts';
import { TEST_LIMITS } from '../rig/enrollment-rows.ts';
import { enrollmentRuns, type Run, stateOf, until } from '../rig/enrollment-runs.ts';
import { resetRun } from '../rig/reset-run.ts';
import type { PlayPath } from './paths.ts';
import { finish, type PathWorld } from './world-of-paths.ts';

const STAGES = ['awaiting-pin', 'awaiting-csr', 'issuing', 'awaiting-ack'] as const satisfies readonly OpenState[];

/** What an operator does in the Temporal UI. */
export const pathsByHand: Record<string, PlayPath> = {
  ...Object.fromEntries(
    STAGES.map((stage) => [`request-cancellation-in-${stage}`, (paths: PathWorld) => requestCancellation(paths, stage)]),
  ),
  'reset-then-completed': async (paths) => {
    const run = await paths.runs.bring('awaiting-csr');
    await resetRun(run.handle);
    await finish(paths, run);
    await run.handle.result();
    return run.handle;
  },
  'reset-after-the-end': async (paths) => {
    const run = await paths.runs.bring('completed');
    const runId = await resetRun(run.handle);
    const handle = run.handle.client.getHandle(run.handle.workflowId, runId);
    await handle.result();
    return handle;
  },
  'second-run-started-by-hand': async (paths) => {
    const run = await paths.runs.bring('awaiting-csr');
    const second = await startByHand(paths, { enrollmentId: run.id, limits: TEST_LIMITS });
    await finish(paths, { ...run, handle: second });
    await second.result();
    return second;
  },
  'clear-messages-then-completed': async (paths) => {
    const run = await paths.runs.bring('awaiting-csr');
    const clear = clearClient(paths.server.connection).workflow.getHandle(run.handle.workflowId);
    await clear.signal('pinSatisfied', { state: 'completed' });
    await clear.signal('nobodyKnowsThis', { clear: true });
    await clear.executeUpdate<unknown, [object]>('submitCsr', { args: [{ digest: '0'.repeat(64) }] }).catch(() => undefined);
    await finish(paths, run);
    await run.handle.result();
    return run.handle;
  },
  'activity-completed-by-hand': async (paths) => {
    const runs = await enrollmentRuns(paths.world, { ...paths.server, issuance: 'away' });
    const run = await runs.bring('issuing');
    await completeActivityByHand(paths, run);
    await runs.startIssuance();
    await until(async () => (await stateOf(paths.world, run.id)).state === 'awaiting-ack', 'issued all the same');
    await finish(paths, run);
    await run.handle.result();
    return run.handle;
  },
  'started-with-a-foreign-input': async (paths) => failed(await startByHand(paths, { enrollmentId: 'not-an-id', limits: TEST_LIMITS })),
  'started-without-a-row': async (paths) => failed(await startByHand(paths, { enrollmentId: randomUUID(), limits: TEST_LIMITS })),
};

async function requestCancellation({ runs, stuck }: PathWorld, stage: OpenState): Promise<WorkflowHandle> {
  const { handle } = await (stage === 'issuing' ? stuck : runs).bring(stage);
  await handle.cancel();
  await handle.result();
  return handle;
}

function startByHand({ server, runs }: PathWorld, input: object): Promise<WorkflowHandle> {
  const options = { taskQueue: runs.enrollmentQueue, workflowId: `by-hand-${randomUUID()}`, args: [input] };
  return server.client.workflow.start('enrollment', options);
}

async function failed(handle: WorkflowHandle): Promise<WorkflowHandle> {
  await handle.result().then(
    () => Promise.reject(new Error('it should have failed')),
    () => undefined,
  );
  return handle;
}

async function completeActivityByHand({ server }: PathWorld, { handle }: Run): Promise<void> {
  const pending = async () => (await handle.describe()).raw.pendingActivities?.[0]?.activityId ?? '';
  await until(async () => (await pending()) !== '', 'the activity is scheduled');
  const { workflowId } = handle;
  await clearClient(server.connection).activity.complete({ workflowId, activityId: await pending() }, { state: 'completed', x: 1 });
}
