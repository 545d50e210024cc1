import pg from 'pg';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { applyGrants } from '../../store/apply-grants.ts';
import { blockKey } from '../../store/blocked-key.ts';
import { findEnrollments } from '../../store/find.ts';
import { DATABASE_ROLES, type DatabaseRole, FUNCTION_GRANTS, type Grant, TABLE_GRANTS } from '../../store/grants.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';
import { FORBIDDEN, type Targets } from './forbidden-statements.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
  // A clone has the template's rights on tables, but not those on the database itself.
  await connected('cs_owner', applyGrants);
});

async function connected<Result>(role: DatabaseRole | 'cs_owner', work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: world.urlOf(role) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const ask = async <Row extends pg.QueryResultRow>(sql: string, ...values: unknown[]) =>
  connected('cs_owner', async (client) => (await client.query<Row>(sql, values)).rows);

describe('the table of grants', () => {
  it('has an entry for every table and every function of the schema, and none for others', async () => {
    const tables = await ask<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r','p','v','m','f') ORDER BY 1`,
    );
    expect(tables.map(({ name }) => name)).toEqual(Object.keys(TABLE_GRANTS).toSorted());
    const functions = await ask<{ name: string }>(
      `SELECT proname || '(' || oidvectortypes(proargtypes) || ')' AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
    );
    expect(functions.map(({ name }) => name).toSorted()).toEqual(Object.keys(FUNCTION_GRANTS).toSorted());
  });

  it.each(DATABASE_ROLES)('is what PostgreSQL says of every column that %s may select, insert and update, and of DELETE', async (role) => {
    const said = await ask<{ table: string; column: string; select: boolean; insert: boolean; update: boolean }>(
      `SELECT c.relname AS table, a.attname AS column, ${['select', 'insert', 'update']
        .map((right) => `has_column_privilege($1, c.oid, a.attnum, '${right}') AS ${right}`)
        .join(', ')} FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'`,
      role,
    );
    const wrong = said.filter((one) => {
      const grant: Grant = TABLE_GRANTS[one.table]?.[role] ?? {};
      const named = (columns: 'all' | readonly string[] = []) => columns === 'all' || columns.includes(one.column);
      return one.select !== named(grant.select) || one.insert !== named(grant.insert) || one.update !== named(grant.update);
    });
    expect(wrong).toEqual([]);
    // The other direction: no column is granted that does not exist.
    const known = new Set(said.map(({ table, column }) => `${table}.${column}`));
    const granted = Object.entries(TABLE_GRANTS).flatMap(([table, grants]) => {
      const { select = [], insert = [], update = [] } = grants[role] ?? {};
      return [...(select === 'all' ? [] : select), ...insert, ...update].map((column) => `${table}.${column}`);
    });
    expect(granted.filter((column) => !known.has(column))).toEqual([]);
    const whole = await ask<{ table: string; right: string }>(
      `SELECT c.relname AS table, r AS right FROM pg_class c, unnest(ARRAY['DELETE','TRUNCATE','REFERENCES','TRIGGER']) r
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND has_table_privilege($1, c.oid, r)`,
      role,
    );
    const deletes = Object.entries(TABLE_GRANTS).filter(([, grants]) => grants[role]?.delete === true);
    expect(whole).toEqual(deletes.map(([table]) => ({ table, right: 'DELETE' })));
  });

  it('is what PostgreSQL says of functions and sequences, for each role and for PUBLIC', async () => {
    for (const role of [...DATABASE_ROLES, 'public'] as const) {
      const callable = await ask<{ name: string }>(
        `SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND has_function_privilege($1, oid, 'EXECUTE')`,
        role,
      );
      const expected = Object.entries(FUNCTION_GRANTS).filter(([, roles]) => roles.some((one) => one === role));
      const compact = (text: string) => text.replaceAll(', ', ',');
      expect(callable.map(({ name }) => compact(name)).toSorted()).toEqual(expected.map(([name]) => compact(name)).toSorted());
      const sequences = await ask<{ usage: boolean; set: boolean }>(
        `SELECT has_sequence_privilege($1, oid, 'USAGE') AS usage, has_sequence_privilege($1, oid, 'UPDATE') AS set FROM pg_class WHERE relname = 'audit_id_seq'`,
        role,
      );
      const writes = role !== 'public' && TABLE_GRANTS['audit']?.[role]?.insert !== undefined;
      expect(sequences).toEqual([{ usage: writes, set: false }]);
    }
  });

  it('gives nothing away: no role is a member of another, owns anything, or has an attribute of power', async () => {
    const roles = await ask(
      `SELECT rolname FROM pg_roles r WHERE rolname LIKE 'cs\\_%' AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
         OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid OR roleid = r.oid))`,
    );
    expect(roles).toEqual([]);
    const owners = await ask(
      `SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace
       UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
    );
    expect(owners).toEqual([{ owner: 'cs_owner' }]);
  });

  it('makes every function with the owner’s rights deaf to the search path of its caller', async () => {
    const definers = await ask<{ path: string[] }>(
      `SELECT proconfig AS path FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef`,
    );
    expect(definers.length).toBeGreaterThanOrEqual(5);
    for (const { path } of definers) expect(path).toEqual(['search_path=pg_catalog, public, pg_temp']);
  });

  it('takes away what was granted by hand, also to everybody, when it is applied again', async () => {
    await connected('cs_owner', async (client) => {
      await client.query(`GRANT UPDATE, DELETE, TRUNCATE ON audit TO cs_api, PUBLIC; GRANT SELECT (sealed) ON delivery TO cs_worker;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC`);
      expect(await applyGrants(client)).toEqual([]);
      const { rows } = await client.query(
        `SELECT has_table_privilege('cs_api', 'audit', 'UPDATE, DELETE, TRUNCATE') AS audit, has_column_privilege('cs_worker', 'delivery', 'sealed', 'SELECT') AS sealed,
           has_function_privilege('cs_sweeper', 'end_enrollment(uuid, text, timestamptz)', 'EXECUTE') AS finish`,
      );
      expect(rows).toEqual([{ audit: false, sealed: false, finish: false }]);
    });
  });
});

describe.each(DATABASE_ROLES)('as %s PostgreSQL refuses', (role) => {
  let targets: Targets;
  let before: unknown;
  let session: pg.Client;
  beforeAll(async () => {
    const [waiting, issuing, delivered, completed] = [
      await rowIn(world, 'awaiting-pin'),
      await rowIn(world, 'issuing'),
      await rowIn(world, 'awaiting-ack'),
      await rowIn(world, 'completed'),
    ];
    targets = { waiting: waiting.id, issuing: issuing.id, delivered: delivered.id, completed: completed.id };
    before = await allRows();
    session = new pg.Client({ connectionString: world.urlOf(role) });
    await session.connect();
    return () => session.end();
  });

  it.each(forbiddenTo(role))('%s', async (_what, sql) => {
    const code = await session.query(sql(targets)).then(
      () => 'was done',
      (error: unknown) => (error instanceof pg.DatabaseError ? error.code : String(error)),
    );
    expect(code).toBe('42501');
  });

  it('all of it, and leaves every row as it was', async () => {
    expect(await allRows()).toEqual(before);
  });
});

function forbiddenTo(role: DatabaseRole) {
  return FORBIDDEN.filter(({ to }) => to === 'all' || to.includes(role)).map(({ what, sql }) => [what, sql] as const);
}

/** A digest of every table. */
async function allRows(): Promise<unknown> {
  const digests = Object.keys(TABLE_GRANTS).map(
    (table) => `(SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${table} t) AS ${table}`,
  );
  return ask(`SELECT ${digests.join(', ')}`);
}

describe('what a role may do, beside what every other test does as its process', () => {
  it('cs_operator finds an enrollment by user, device and serial number, and blocks a key', async () => {
    const { id, device } = await rowIn(world, 'completed');
    const operator = world.asRole('cs_operator');
    const { userId, deviceId } = device;
    const [found] = await findEnrollments(operator, { userId, deviceId });
    expect(found).toMatchObject({ enrollmentId: id, state: 'completed' });
    const serial = found?.certificates[0]?.serial ?? '';
    expect(await findEnrollments(operator, { serial })).toMatchObject([{ enrollmentId: id }]);
    expect(await findEnrollments(world.asRole('cs_api'), { serial })).toMatchObject([{ enrollmentId: id }]);
    const blocked = await blockKey(operator, { spkiSha256: '0'.repeat(64), reason: 'test', blockedBy: 'operator:test' });
    expect(blocked).toEqual({ added: true, affected: [] });
  });

  it('cs_worker completes only what was delivered, with the time of now and a receipt', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    const complete = (receipt: string | null, moment: string) =>
      connected('cs_worker', (client) => client.query(`SELECT * FROM end_enrollment($1, $2, ${moment})`, [id, receipt]));
    await expect(complete('a.receipt.x', 'clock_timestamp()')).rejects.toMatchObject({ code: '23514' });
    await world.db.delivery.update({ where: { enrollmentId: id }, data: { deliveries: 1, firstDeliveredAt: new Date() } });
    for (const [receipt, moment] of [
      [null, 'clock_timestamp()'],
      ['', 'clock_timestamp()'],
      ['a.receipt.x', 'NULL'],
      ['a.receipt.x', `clock_timestamp() - interval '1 hour'`],
      ['a.receipt.x', `clock_timestamp() + interval '1 minute'`],
    ] as const)
      await expect(complete(receipt, moment)).rejects.toMatchObject({ code: '23514' });
    expect((await complete('a.receipt.x', 'clock_timestamp()')).rows).toEqual([{ ended: true, state: 'completed', code: null }]);
    expect((await complete('another', 'clock_timestamp()')).rows).toEqual([{ ended: false, state: 'completed', code: null }]);
    expect(await world.db.delivery.findUnique({ where: { enrollmentId: id } })).toMatchObject({ receipt: 'a.receipt.x', sealed: null });
  });

  it('nobody completes an enrollment by the end of the others', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    const ended = (state: string) =>
      connected('cs_worker', (client) => client.query('SELECT end_enrollment($1, $2, NULL, $$x$$)', [id, state]));
    for (const state of ['completed', 'issuing', 'nonsense']) await expect(ended(state)).rejects.toMatchObject({ code: '23514' });
    expect(await world.db.enrollment.findUnique({ where: { id } })).toMatchObject({ state: 'awaiting-ack' });
  });

  it('the owner itself cannot truncate or rewrite audit rows without taking a trigger away', async () => {
    for (const statement of ['TRUNCATE audit', `UPDATE audit SET outcome = 'x'`, 'DELETE FROM audit'])
      await expect(ask(statement)).rejects.toThrow(/only appended/);
  });
});

describe('a temporary table of the caller', () => {
  it('does not stand before ours in a function with the owner’s rights', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    await world.db.$executeRawUnsafe(`GRANT TEMPORARY ON DATABASE "${new URL(world.url).pathname.slice(1)}" TO cs_sweeper`);
    onTestFinished(() => connected('cs_owner', applyGrants).then(() => undefined));
    await connected('cs_sweeper', async (client) => {
      await client.query('CREATE TEMP TABLE delivery (enrollment_id uuid, sealed text, erased_at timestamptz)');
      await client.query(`SELECT * FROM end_enrollment($1, 'expired', 'deadline_ack', 'sweeper')`, [id]);
    });
    expect(await world.db.delivery.findUniqueOrThrow({ where: { enrollmentId: id } })).toMatchObject({ sealed: null });
  });
});
