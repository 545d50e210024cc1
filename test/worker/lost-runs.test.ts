import { expect, it } from 'vitest';
import { temporalGateway } from '../../api/gateway.ts';
import { type EnrollmentId, enrollmentWorkflowId } from '../../contract/ids.ts';
import { createLogger } from '../../process/logger.ts';
import { databaseTime } from '../../store/database.ts';
import { markStarted } from '../../store/read-enrollment.ts';
import { clusterIdentity } from '../../temporal/cluster-identity.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { lostRuns } from '../../worker/lost-runs.ts';
import { createRow } from '../rig/enrollment-rows.ts';
import { freshDatabase } from '../rig/fresh-database.ts';
import { connectTestTemporal, taskQueueSuffix } from '../rig/test-temporal.ts';

it('a run that the cluster does not know is started; one that lives and one that was terminated are left as they are', async () => {
  const { db } = await freshDatabase();
  const { client, connection } = await connectTestTemporal();
  await ensureSearchAttributes(connection, 'default');
  const gateway = temporalGateway(client, { taskQueueSuffix: taskQueueSuffix(), now: Date.now, databaseTime: () => databaseTime(db) });
  const [lost, alive, terminated] = [await createRow(db), await createRow(db), await createRow(db)];
  for (const { id } of [lost, alive, terminated]) await markStarted(db, id);
  for (const row of [alive, terminated]) await gateway.start(row);
  const run = (id: EnrollmentId) => client.workflow.getHandle(enrollmentWorkflowId(id));
  await run(terminated.id).terminate('by an operator');
  const before = (await run(alive.id).describe()).runId;

  let prefix = 'first';
  let starts = 0;
  const turn = lostRuns({
    db,
    log: createLogger('test', 'silent'),
    cluster: async () => `${prefix}/${await clusterIdentity(connection, 'default')}`,
    prepare: () => ensureSearchAttributes(connection, 'default'),
    start: (row) => {
      starts += 1;
      return gateway.start(row);
    },
  });
  await turn();
  expect((await run(lost.id).describe()).status.name).toBe('RUNNING');
  expect((await run(alive.id).describe()).runId).toBe(before);
  expect((await run(terminated.id).describe()).status.name).toBe('TERMINATED');
  expect(starts).toBe(3);
  await turn();
  expect(starts).toBe(3);
  prefix = 'another cluster';
  await turn();
  expect(starts).toBe(6);
  for (const { id } of [lost, alive]) await run(id).terminate();
});

it('a row that cannot be started holds up no other, and the turn is made again', async () => {
  const { db } = await freshDatabase();
  const rows = [await createRow(db), await createRow(db), await createRow(db)];
  for (const { id } of rows) await markStarted(db, id);
  const [stuck] = rows.map(({ id }) => id).sort();
  const tried: string[] = [];
  const turn = lostRuns({
    db,
    log: createLogger('test', 'silent'),
    cluster: () => Promise.resolve('a cluster'),
    prepare: () => Promise.resolve(),
    start: async ({ id }) => {
      tried.push(id);
      if (id === stuck) throw new Error('cannot be started');
    },
  });
  await expect(turn()).rejects.toThrow('1 run(s) of open enrollments could not be started');
  expect(tried).toHaveLength(3);
  await expect(turn()).rejects.toThrow('could not be started');
  expect(tried).toHaveLength(6);
});

it('a Temporal that is away is not asked for each of a thousand rows', async () => {
  const { db } = await freshDatabase();
  for (let made = 0; made < 15; made += 1) await markStarted(db, (await createRow(db)).id);
  let tried = 0;
  const start = () => {
    tried += 1;
    return Promise.reject(new Error('away'));
  };
  const deps = { db, log: createLogger('test', 'silent'), cluster: () => Promise.resolve('a cluster'), prepare: () => Promise.resolve() };
  await expect(lostRuns({ ...deps, start })()).rejects.toThrow('10 run(s)');
  expect(tried).toBe(10);
});
