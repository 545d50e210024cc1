import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { temporalGateway } from '../../api/gateway.ts';
import { type EnrollmentId, enrollmentWorkflowId, toEnrollmentId } from '../../contract/ids.ts';
import { databaseTime } from '../../store/database.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { DeafRuns } from '../../worker/deaf-runs.ts';
import { createRow } from '../rig/enrollment-rows.ts';
import { freshDatabase } from '../rig/fresh-database.ts';
import { connectTestTemporal, taskQueueSuffix } from '../rig/test-temporal.ts';

describe('a run whose row the sweeper ended', () => {
  it('and which nobody plays is told, and terminated when it has not closed a minute later; a closed one stays as it is', async () => {
    const { db } = await freshDatabase();
    const { client, connection } = await connectTestTemporal();
    await ensureSearchAttributes(connection, 'default');
    const gateway = temporalGateway(client, { taskQueueSuffix: taskQueueSuffix(), now: Date.now, databaseTime: () => databaseTime(db) });
    const row = await createRow(db);
    await gateway.start(row);
    let now = 0;
    const deaf = new DeafRuns({ nudge: (id) => gateway.nudge(id), terminate: (id) => gateway.terminate(id, 'test'), now: () => now });
    const handle = client.workflow.getHandle(enrollmentWorkflowId(row.id));
    const status = async () => (await handle.describe()).status.name;
    await deaf.tell(row.id);
    await deaf.endPatience();
    expect(await status()).toBe('RUNNING');
    now = 61_000;
    await deaf.endPatience();
    expect(await status()).toBe('TERMINATED');
    await deaf.tell(row.id);
    now = 200_000;
    await expect(deaf.endPatience()).resolves.toBeUndefined();
  });

  it('and which cannot be terminated holds up no other, and is tried again in the next turn', async () => {
    const [stuck, other] = [toEnrollmentId(randomUUID()), toEnrollmentId(randomUUID())];
    const tried: string[] = [];
    const terminate = async (id: EnrollmentId) => {
      tried.push(id);
      if (id === stuck) throw new Error('Temporal is away');
    };
    let now = 0;
    const deaf = new DeafRuns({ nudge: () => Promise.resolve(), terminate, now: () => now });
    await deaf.tell(stuck);
    await deaf.tell(other);
    now = 61_000;
    await deaf.endPatience();
    expect(tried).toEqual([stuck, other]);
    await deaf.endPatience();
    expect(tried).toEqual([stuck, other, stuck]);
  });
});
