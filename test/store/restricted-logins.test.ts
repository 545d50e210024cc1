import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { PRISMA_FOLDER } from '../../cli/commands/migrate.ts';
import { DATABASE_ROLES } from '../../store/grants.ts';
import { applyMigrations } from '../../store/migrate.ts';
import { emptyDatabase, freshDatabase } from '../rig/fresh-database.ts';

const database = await freshDatabase();

async function connected<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** SQLSTATE of the refusal; undefined when it was done. */
const refusal = (client: pg.Client, sql: string) =>
  client.query(sql).then(
    () => undefined,
    (error: unknown) => (error instanceof pg.DatabaseError ? error.code : String(error)),
  );

/** The lock of the sweeper of earlier versions, of a user, of whatever; disk without an end; what other sessions would meet. */
const FORBIDDEN = [
  'SELECT pg_advisory_lock(7305201)',
  'SELECT pg_advisory_xact_lock(7305210, 1)',
  'SELECT pg_try_advisory_lock_shared(1)',
  'SELECT pg_try_advisory_xact_lock(7305202)',
  'SELECT pg_advisory_unlock_all()',
  'SELECT lo_creat(-1)',
  "SELECT lo_from_bytea(0, 'x')",
  'SELECT lo_unlink(1)',
  'SELECT pg_export_snapshot()',
  "SELECT pg_logical_emit_message(false, 'x', 'y')",
  "SET temp_file_limit = '1TB'",
];

describe('the logins of the service', () => {
  it.each(DATABASE_ROLES)(
    '%s takes no advisory lock of its own choice, makes no large object, and raises no limit of disk',
    async (role) => {
      await connected(database.urlOf(role), async (client) => {
        for (const sql of FORBIDDEN) expect([sql, await refusal(client, sql)]).toEqual([sql, '42501']);
      });
    },
  );

  it.each(DATABASE_ROLES)('%s cannot take all connections, and what it forgets ends', async (role) => {
    const limits = await connected(
      database.urlOf(role),
      async (client) =>
        (
          await client.query(
            `SELECT rolconnlimit BETWEEN 1 AND 64 AS connections, current_setting('statement_timeout') AS statement,
               current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('temp_file_limit') AS disk
             FROM pg_roles WHERE rolname = current_user`,
          )
        ).rows,
    );
    expect(limits).toEqual([{ connections: true, statement: '1min', idle: '1min', disk: '1GB' }]);
  });

  it('are not restricted by the owner, who cannot: the migration says what a superuser has to run', async () => {
    const url = await emptyDatabase();
    const said: string[] = [];
    await applyMigrations(url, PRISMA_FOLDER, { onProgress: (sentence) => said.push(sentence) });
    expect(said.filter((sentence) => sentence.includes('deploy/restrict-logins.sql'))).toEqual([
      expect.stringMatching(/^every login may call \d\d functions of PostgreSQL/),
    ]);
    await connected(url, async (client) => {
      await client.query('SET ROLE cs_owner');
      await refusal(client, 'REVOKE EXECUTE ON FUNCTION pg_advisory_lock(bigint) FROM PUBLIC');
      const { rows } = await client.query(`SELECT has_function_privilege('public', 'pg_advisory_lock(bigint)', 'EXECUTE') AS may`);
      expect(rows).toEqual([{ may: true }]);
    });
  });

  it('stay restricted when the owner migrates again, who still may lock', async () => {
    const said: string[] = [];
    await applyMigrations(database.urlOf('cs_owner'), PRISMA_FOLDER, { onProgress: (sentence) => said.push(sentence) });
    expect(said).toEqual([]);
    await connected(database.urlOf('cs_sweeper'), async (client) =>
      expect(await refusal(client, 'SELECT pg_try_advisory_lock(1)')).toBe('42501'),
    );
  });
});
