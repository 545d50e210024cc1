import { Registry } from 'prom-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../process/logger.ts';
import { overdueWatch } from '../../worker/overdue-watch.ts';
import { sweep } from '../../worker/sweeper.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';

const log = createLogger('test', 'silent');
let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

/** With the grace of the sweeper and the interval of its loop: allowed are 120 + 2 × 15 seconds. */
function watched() {
  const alarms: string[] = [];
  const telling = Object.assign(Object.create(log), { error: (_fields: unknown, sentence: string) => void alarms.push(sentence) });
  const watch = overdueWatch({ db: world.asRole('cs_sweeper'), log: telling, graceSeconds: 120, intervalSeconds: 15 });
  const registry = new Registry();
  watch.register(registry);
  return { watch, alarms, metric: async () => Number(/^cs_oldest_overdue_seconds (\d+)/m.exec(await registry.metrics())?.[1]) };
}

async function overdueBy(seconds: number) {
  const { id } = await rowIn(world, 'awaiting-ack');
  await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - make_interval(secs => ${seconds}) WHERE id = ${id}::uuid`;
  return id;
}

describe('the watch over overdue enrollments', () => {
  it('alarms by readiness, log and metric when one stands beyond grace and two turns, and is quiet again once it is ended', async () => {
    const { watch, alarms, metric } = watched();
    expect(await watch.check.check()).toEqual({ ok: true });
    await overdueBy(130);
    await watch.look();
    expect([await watch.check.check(), alarms]).toEqual([{ ok: true }, []]);
    const id = await overdueBy(400);
    await watch.look();
    expect(await watch.check.check()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/is 40\d s past its deadline, more than the 150 s/),
    });
    expect(alarms).toEqual([expect.stringContaining('look for "sweeper" in the log')]);
    expect(await metric()).toBeGreaterThanOrEqual(400);
    // A row that is held for long is just what the alarm is for.
    await world.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT id FROM enrollment WHERE id = ${id}::uuid FOR UPDATE`;
      await sweep({ db: world.asRole('cs_sweeper'), log, graceSeconds: 120, startGraceSeconds: 3_600, start: undefined });
      expect(await watch.check.check()).toMatchObject({ ok: false });
    });
    await sweep({ db: world.asRole('cs_sweeper'), log, graceSeconds: 120, startGraceSeconds: 3_600, start: undefined });
    await watch.look();
    expect([await watch.check.check(), alarms.length, await metric()]).toEqual([{ ok: true }, 1, 0]);
  });
});
