import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { enrollmentWorkflowId } from '../../contract/ids.ts';
import { createRow, newDevice, satisfyPin, TEST_LIMITS } from '../rig/enrollment-rows.ts';
import { type Run, stands } from '../rig/enrollment-runs.ts';
import { submit, takeCredentials } from '../rig/test-device.ts';
import type { PlayPath } from './paths.ts';
import { finish, type PathWorld } from './world-of-paths.ts';

/** Above the events at which a waiting run continues as new (workflows/continue-as-new.ts). */
const FLOOD_EVENTS = 450;

export const pathsToCompletion: Record<string, PlayPath> = {
  'completed-pin-set-up': async ({ runs }) => (await runs.bring('completed')).handle,
  'completed-pin-verified': async ({ runs }) => {
    const first = await runs.bring('completed');
    return (await runs.bring('completed', TEST_LIMITS, newDevice(first.device.userId))).handle;
  },
  'completed-pin-waived': async (paths) => {
    const { device } = await paths.runs.bring('completed');
    return finished(paths, await waived(paths, device.userId));
  },
  'completed-after-refused-csr': async (paths) => {
    const run = await paths.runs.bring('awaiting-csr');
    for (const challenge of ['foreign', 'expired'] as const) await submitted(paths, run, challenge);
    return finished(paths, run);
  },
  'completed-after-a-lost-signal': async (paths) => {
    const run = await paths.runs.bring('awaiting-pin');
    await satisfyPin(paths.world.db, run.id);
    return finished(paths, run);
  },
  'completed-with-calls-sent-twice': async (paths) => {
    const run = await paths.runs.bring('awaiting-csr');
    const sent = await submit(paths.world.db, run.id);
    const call = () => run.handle.executeUpdate('submitCsr', { args: [{ digest: sent.digest }] });
    await Promise.all([call(), call(), call(), run.handle.signal('pinSatisfied')]);
    return finished(paths, { ...run, submitted: sent });
  },
  'completed-after-wrong-proof': async (paths) => {
    const run = await paths.runs.bring('awaiting-ack');
    const { proof } = await takeCredentials(paths.world.db, run.id, run.submitted ?? (await submit(paths.world.db, run.id)));
    for (const wrong of ['a.b.c', `${proof.slice(0, -8)}AAAAAAAA`])
      await run.handle.executeUpdate('acknowledge', { args: [{ proof: wrong }] });
    return finished(paths, run);
  },
  'completed-after-issuance-was-away': async (paths) => {
    const run = await paths.stuck.bring('issuing');
    await sleep(1_500);
    await paths.world.activities.issueCredentials({ enrollmentId: run.id }); // as another run of the activity did
    await run.handle.signal('pinSatisfied');
    await run.handle.executeUpdate('acknowledge', { args: [{ proof: (await credentialsOf(paths, run)).proof }] });
    await run.handle.result();
    return run.handle;
  },
  'completed-after-the-database-was-away': async (paths) => {
    const run = await paths.runs.bring('awaiting-csr');
    await withoutTable(paths, 'csr_submission', () => submittedDigest(run, '0'.repeat(64)));
    await withoutTable(paths, 'enrollment', async () => {
      await run.handle.signal('pinSatisfied');
      await sleep(4_000); // four attempts, then the pause of the run
    });
    return finished(paths, run);
  },
  'completed-after-a-flood-of-signals': async (paths) => {
    const run = await paths.runs.bring('awaiting-csr');
    while ((await run.handle.describe()).historyLength < FLOOD_EVENTS && (await sameRun(run))) {
      for (let wave = 0; wave < 8; wave += 1) {
        await run.handle.signal('pinSatisfied');
        await stands(run.handle, 'awaiting-csr');
      }
    }
    const first = await firstRunOf(run.handle);
    await finished(paths, run);
    return first;
  },
};

async function finished(paths: PathWorld, run: Run): Promise<WorkflowHandle> {
  await finish(paths, run);
  await run.handle.result();
  return run.handle;
}

async function waived({ world, runs, server }: PathWorld, userId: string): Promise<Run> {
  const device = newDevice(userId);
  const row = await createRow(world.db, device, TEST_LIMITS, 'skip-if-present');
  await runs.gateway.start(row);
  const handle = server.client.workflow.getHandle(enrollmentWorkflowId(row.id));
  await stands(handle, 'awaiting-csr');
  return { id: row.id, device, handle };
}

async function submitted({ world }: PathWorld, run: Run, challenge: 'foreign' | 'expired'): Promise<unknown> {
  return submittedDigest(run, (await submit(world.db, run.id, { challenge })).digest);
}

function submittedDigest({ handle }: Run, digest: string): Promise<unknown> {
  return handle.executeUpdate('submitCsr', { args: [{ digest }] });
}

function credentialsOf({ world }: PathWorld, { id, submitted: sent }: Run) {
  if (sent === undefined) throw new Error('no submission');
  return takeCredentials(world.db, id, sent);
}

async function withoutTable({ world }: PathWorld, table: string, work: () => Promise<unknown>): Promise<void> {
  await world.db.$executeRawUnsafe(`ALTER TABLE ${table} RENAME TO ${table}_away`);
  try {
    await work();
  } finally {
    await world.db.$executeRawUnsafe(`ALTER TABLE ${table}_away RENAME TO ${table}`);
  }
}

async function sameRun({ handle }: Run): Promise<boolean> {
  const { raw } = await handle.describe();
  const { firstRunId, execution } = raw.workflowExecutionInfo ?? {};
  return firstRunId === execution?.runId;
}

async function firstRunOf(handle: WorkflowHandle): Promise<WorkflowHandle> {
  const { raw } = await handle.describe();
  return handle.client.getHandle(handle.workflowId, raw.workflowExecutionInfo?.firstRunId ?? '', { followRuns: false });
}
