import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { Prisma } from '../../store/generated/client.ts';
import { oldestOverdueSeconds, type Sweep, sweepEnrollments } from '../../store/sweep.ts';
import { oldestOverdue, overdueRows, unstartedRows } from '../../store/sweep-queries.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn, snapshot } from '../rig/row-stages.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});
/** Nothing of one test is overdue in the next. */
afterEach(async () => {
  await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() + interval '1 hour' WHERE ended_at IS NULL`;
});

const sweep = (): Promise<Sweep> => sweepEnrollments(world.asRole('cs_sweeper'), 120, 3_600);
const endedIn = ({ ended }: Sweep) => ended.map(({ id }) => id);

async function overdue(state: 'awaiting-pin' | 'awaiting-ack', minutes = 3): Promise<EnrollmentId> {
  const { id } = await rowIn(world, state);
  await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - make_interval(mins => ${minutes}) WHERE id = ${id}::uuid`;
  return id;
}

/** The database refuses the end of some rows. */
async function poison(condition: string): Promise<void> {
  await world.db.$executeRawUnsafe(`CREATE OR REPLACE FUNCTION refuse_end() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'this row cannot be ended'; END $$`);
  await world.db.$executeRawUnsafe(
    `CREATE TRIGGER refuse_end BEFORE UPDATE OF state ON enrollment FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION refuse_end()`,
  );
  onTestFinished(async () => void (await world.db.$executeRawUnsafe('DROP TRIGGER refuse_end ON enrollment')));
}

describe('a turn of the sweeper', () => {
  it('passes over a row that somebody holds, ends the others, and the held one in the next turn', async () => {
    const [held, first, second] = [await overdue('awaiting-ack', 9), await overdue('awaiting-pin'), await overdue('awaiting-ack')];
    await world.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT id FROM enrollment WHERE id = ${held}::uuid FOR UPDATE`;
      const swept = await sweep();
      expect(endedIn(swept).toSorted()).toEqual([first, second].toSorted());
      expect(swept.passedOver).toEqual([{ id: held }]);
    });
    expect(endedIn(await sweep())).toEqual([held]);
    expect(await snapshot(world, held)).toMatchObject({ enrollment: { code: 'deadline_ack' }, delivery: { sealed: null } });
  });

  it('is not held up by a row that cannot be ended: the others end, and the failure is handed on', async () => {
    const [bad, good] = [await overdue('awaiting-pin', 9), await overdue('awaiting-ack')];
    await poison(`NEW.id = '${bad}'`);
    const swept = await sweep();
    expect(endedIn(swept)).toEqual([good]);
    expect(swept.passedOver).toMatchObject([{ id: bad, error: { message: expect.stringContaining('this row cannot be ended') } }]);
    expect((await snapshot(world, bad)).enrollment).toMatchObject({ state: 'awaiting-pin', endedAt: null });
  });

  it('gets past more bad rows than one batch holds', async () => {
    const [sample, good] = [await overdue('awaiting-pin', 9), await overdue('awaiting-pin')];
    await world.db.$executeRaw`
      INSERT INTO enrollment (id, client_id, user_id, device_id, token_id, platform, pin_policy, idempotency_key, body_sha256, token_kid,
        token_salt, state, stage_deadline, expires_at, pin_seconds, csr_seconds, ack_seconds, started_at)
      SELECT gen_random_uuid(), client_id, user_id, 'bad-' || n, token_id, platform, pin_policy, 'bad-' || n, body_sha256, token_kid,
        token_salt, state, stage_deadline, expires_at, pin_seconds, csr_seconds, ack_seconds, now()
      FROM enrollment, generate_series(1, 205) n WHERE id = ${sample}::uuid`;
    await poison(`NEW.device_id LIKE 'bad-%' OR NEW.id = '${sample}'`);
    const swept = await sweep();
    expect(endedIn(swept)).toEqual([good]);
    expect(swept.passedOver).toHaveLength(206);
  });

  it('ends the row behind one whose issuer is held', async () => {
    const [waiting, good] = [await overdue('awaiting-ack', 9), await overdue('awaiting-pin')];
    await world.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT id FROM issuer FOR UPDATE`;
      const swept = await sweep();
      expect(endedIn(swept)).toEqual([good]);
      expect(swept.passedOver.map(({ id }) => id)).toEqual([waiting]);
    });
    expect(endedIn(await sweep())).toEqual([waiting]);
  });

  it('beside others ends each row once, and nobody waits for anybody', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => overdue('awaiting-pin')));
    const turns = await Promise.all(Array.from({ length: 4 }, sweep));
    expect(turns.flatMap(endedIn).toSorted()).toEqual(ids.toSorted());
    expect(await world.db.audit.count({ where: { action: 'enrollment.end', enrollmentId: { in: ids } } })).toBe(ids.length);
  });

  it('tells how long the oldest open row is overdue, ended ones left out', async () => {
    expect(await oldestOverdueSeconds(world.asRole('cs_sweeper'))).toBe(0);
    await overdue('awaiting-pin', 10);
    expect(await oldestOverdueSeconds(world.asRole('cs_sweeper'))).toBeGreaterThanOrEqual(600);
    await sweep();
    expect(await oldestOverdueSeconds(world.asRole('cs_sweeper'))).toBe(0);
  });
});

describe('what the sweeper reads', () => {
  const QUERIES = {
    'overdue rows': [overdueRows(120, [], 200), 'enrollment_open_deadline', 'stage_deadline <'],
    'the oldest overdue row': [oldestOverdue(), 'enrollment_open_deadline', ''],
    'unstarted rows': [unstartedRows(10, 200), 'enrollment_unstarted', 'created_at <'],
  } as const;

  it.each(Object.keys(QUERIES).filter((name): name is keyof typeof QUERIES => name in QUERIES))(
    '%s: is served by an index of open rows alone',
    async (name) => {
      const [query, index, bound] = QUERIES[name];
      const plan = await world.asRole('cs_sweeper').$transaction(async (tx) => {
        await tx.$executeRaw`SET LOCAL enable_seqscan = off`;
        return tx.$queryRaw<{ 'QUERY PLAN': string }[]>(Prisma.sql`EXPLAIN ${query}`);
      });
      const lines = plan.map((line) => line['QUERY PLAN']).join('\n');
      expect(lines).toMatch(new RegExp(`(using|on) ${index}\\b`));
      expect(lines).not.toMatch(/Seq Scan|Disabled/);
      if (bound !== '') expect(lines).toMatch(new RegExp(`Index Cond: .*${bound}`));
    },
  );
});
