import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { CODES_OF_END, END_CODES, END_STATES, PIN_POLICIES, PLATFORMS, STATES } from '../../contract/states.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { DATABASE_ROLES, type DatabaseRole, TABLE_GRANTS } from '../../store/grants.ts';
import { listEnrollments } from '../../store/list-enrollments.ts';
import { LOGIN_ACTORS } from '../../store/login-actors.ts';
import { requestTimeline } from '../../store/timeline-request.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';

/** Who may be written, one of each kind, and forms that are none. */
const ACTORS = [
  'device',
  'api',
  'token-service:ts-a',
  'operator:alice',
  'pin-guard:user-1',
  'workflow',
  'enrollment-worker',
  'issuance',
  'sweeper',
  'retention',
  'revocation',
  'token-service',
  'operator',
  'operator:',
  'device ',
  'somebody',
  '',
] as const;
const ACTIONS = ['enrollment.end', 'enrollment.acknowledge', 'timeline.export', 'key.block', 'pin.reset', 'enrollments.remove'] as const;

let world: EnrollmentWorld;
let asked: EnrollmentId;
beforeAll(async () => {
  world = await enrollmentWorld();
  asked = (await rowIn(world, 'awaiting-pin')).id;
  await requestTimeline(world.asRole('cs_api'), asked, 'operator:alice');
});

async function session<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Tries the row and takes it back; the code of the refusal, undefined when it was taken. */
async function attempt(client: pg.Client, actor: string, action: string): Promise<string | undefined> {
  await client.query('BEGIN');
  const refused = await client
    .query('INSERT INTO audit (actor, action, enrollment_id, outcome) VALUES ($1, $2, $3, $$x$$)', [actor, action, asked])
    .then(
      () => undefined,
      (error: unknown) => (error instanceof pg.DatabaseError ? error.code : String(error)),
    );
  await client.query('ROLLBACK');
  return refused;
}

const writers = DATABASE_ROLES.filter((role) => TABLE_GRANTS['audit']?.[role]?.insert !== undefined);

function isListed(role: DatabaseRole, actor: string, action: string): boolean {
  if (action === 'timeline.export' && role === 'cs_worker')
    return actor === 'operator:alice' || actor === 'workflow' || actor === 'enrollment-worker';
  return LOGIN_ACTORS[role].some(
    (one) =>
      (one.kind.endsWith(':') ? actor.startsWith(one.kind) && actor.length > one.kind.length : actor === one.kind) &&
      (one.action === undefined || one.action === action),
  );
}

describe('the table of actors', () => {
  it.each(writers)('is what the database lets %s write, kind by kind and action by action', async (role) => {
    await session(world.urlOf(role), async (client) => {
      for (const action of ACTIONS.filter((one) => one !== 'timeline.export'))
        for (const actor of ACTORS)
          expect([action, actor, await attempt(client, actor, action)]).toEqual([
            action,
            actor,
            isListed(role, actor, action) ? undefined : '42501',
          ]);
    });
  });

  it('lets the worker sign a timeline for nobody but who asked for it', async () => {
    await session(world.urlOf('cs_worker'), async (client) => {
      expect(await attempt(client, 'operator:alice', 'timeline.export')).toBeUndefined();
      expect(await attempt(client, 'operator:bob', 'timeline.export')).toBe('42501');
    });
  });

  it('says which login, which actor, and where to look', async () => {
    const forged = session(world.urlOf('cs_sweeper'), (client) =>
      client.query(`INSERT INTO audit (actor, action, outcome) VALUES ('operator:alice', 'enrollment.end', 'failed')`),
    );
    await expect(forged).rejects.toThrow(
      'the login cs_sweeper writes no audit row enrollment.end as operator:alice: see the table of actors',
    );
  });

  it('is not escaped by another role or another name of the login', async () => {
    await session(world.urlOf('cs_worker'), async (client) => {
      for (const escape of ['SET ROLE cs_api', 'SET SESSION AUTHORIZATION cs_api'])
        await expect(client.query(escape)).rejects.toMatchObject({ code: '42501' });
      expect(await attempt(client, 'operator:alice', 'enrollment.end')).toBe('42501');
    });
  });

  it('leaves the owner, who drops exported rows, and administrators above it', async () => {
    for (const url of [world.urlOf('cs_owner'), world.url])
      expect(await session(url, (client) => attempt(client, 'operator:alice', 'audit.drop'))).toBeUndefined();
  });
});

describe('an end', () => {
  const lastEnd = async (id: EnrollmentId) =>
    world.db.audit.findFirst({ where: { enrollmentId: id, action: 'enrollment.end' }, orderBy: { id: 'desc' }, select: { actor: true } });

  it.each([
    ['cs_worker', 'workflow'],
    ['cs_sweeper', 'sweeper'],
  ] as const)('through %s is written as %s, whatever name was handed over', async (role, written) => {
    const { id } = await rowIn(world, 'awaiting-pin');
    const end = { id, state: 'expired', code: 'deadline_pin', actor: 'operator:alice' } as const;
    expect(await endEnrollment(world.asRole(role), end)).toMatchObject({ ended: true });
    expect(await lastEnd(id)).toEqual({ actor: written });
  });

  it('through the API names no process, and then nothing has ended', async () => {
    const { id } = await rowIn(world, 'awaiting-pin');
    for (const actor of ['workflow', 'sweeper', 'issuance', 'revocation', 'alice'])
      await expect(endEnrollment(world.asRole('cs_api'), { id, state: 'cancelled', code: 'cancelled', actor })).rejects.toThrow();
    expect(await world.db.enrollment.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: 'awaiting-pin' });
  });
});

describe('the closed sets of an enrollment', () => {
  const sample = async () => (await rowIn(world, 'awaiting-pin')).id;

  it('are the same in the contract and in the database: every code of its state, and no other', async () => {
    const id = await sample();
    await session(world.url, async (client) => {
      for (const state of END_STATES)
        for (const code of [...END_CODES, 'no-such-code', '']) {
          await client.query('BEGIN');
          const taken = await client
            .query('UPDATE enrollment SET state = $2, code = $3, ended_at = now() WHERE id = $1', [id, state, code])
            .then(
              () => true,
              () => false,
            );
          await client.query('ROLLBACK');
          const wanted = state !== 'completed' && CODES_OF_END[state].some((one) => one === code);
          expect([state, code, taken]).toEqual([state, code, wanted]);
        }
    });
    expect(Object.values(CODES_OF_END).flat().toSorted()).toEqual([...END_CODES].toSorted());
    expect(Object.keys(CODES_OF_END).toSorted()).toEqual(
      STATES.filter((state) => END_STATES.some((end) => end === state) && state !== 'completed').toSorted(),
    );
  });

  it('hold for platform and PIN policy too', async () => {
    const id = await sample();
    for (const [column, values] of [
      ['platform', PLATFORMS],
      ['pin_policy', PIN_POLICIES],
    ] as const) {
      for (const one of values) await world.db.$executeRawUnsafe(`UPDATE enrollment SET ${column} = '${one}' WHERE id = '${id}'`);
      await expect(world.db.$executeRawUnsafe(`UPDATE enrollment SET ${column} = 'other-one' WHERE id = '${id}'`)).rejects.toThrow(column);
    }
  });

  it('do not let one older row make the page of an operator unreadable', async () => {
    const id = await sample();
    await world.db.$executeRawUnsafe('ALTER TABLE enrollment DROP CONSTRAINT enrollment_code_of_state');
    await world.db.$executeRaw`UPDATE enrollment SET state = 'failed', code = 'no-such-code', ended_at = now() WHERE id = ${id}::uuid`;
    const page = await listEnrollments(
      world.asRole('cs_api'),
      { limit: 50 },
      { actor: 'operator:o', action: 'operator.list', outcome: '' },
    );
    const found = page.enrollments.find((row) => row.id === id);
    expect(found).toMatchObject({ state: 'failed' });
    expect(found).not.toHaveProperty('code');
  });
});
