import { chmodSync, cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRISMA_FOLDER } from '../../cli/commands/migrate.ts';
import { ensureLoginRoles, giveToOwner, urlAs } from '../../cli/dev/database-roles.ts';
import { discardData } from '../../cli/dev/discard-data.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import { type RunningPostgres, startPostgres } from '../../cli/dev/postgres.ts';
import { DATABASE_ROLES } from '../../store/grants.ts';
import { applyMigrations } from '../../store/migrate.ts';

const FIRST = '20261123000000_enrollment';

describe('a cluster from before the roles', () => {
  // A cluster of its own: roles belong to all databases of one.
  let postgres: RunningPostgres;
  let folder = '';
  let url: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cs-roles-'));
    chmodSync(folder, 0o711);
    postgres = await startPostgres({ folder: join(folder, 'postgres'), port: await freePort(), password: 'test', settings: ['fsync=off'] });
    await postgres.ensureDatabase('service');
    url = postgres.url('service');
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
    discardData(folder);
  });

  it('is migrated without them, and the missing ones are named', async () => {
    await ask(url, 'CREATE ROLE cs_service NOLOGIN; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO cs_service');
    expect(await applyMigrations(url, folderWithFirstMigration())).toEqual([FIRST]);
    await ask(url, `INSERT INTO audit (actor, action, outcome) VALUES ('test', 'test', 'from before')`);
    await ask(url, 'GRANT ALL ON ALL TABLES IN SCHEMA public TO cs_service');
    const said: string[] = [];
    await applyMigrations(url, PRISMA_FOLDER, { onProgress: (sentence) => said.push(sentence) });
    expect(said.at(-1)).toBe(`no rights were given to ${DATABASE_ROLES.join(', ')}: the cluster has no such role`);
    expect(await ask(url, `SELECT has_table_privilege('cs_service', 'audit', 'SELECT') AS may`)).toEqual([{ may: false }]);
  });

  it('gets them at the next start of the development stack: tables change their owner, rows stay, each role has its rights', async () => {
    await ensureLoginRoles(postgres.url('postgres'), () => 'first password');
    await ensureLoginRoles(postgres.url('postgres'), () => 'second password');
    await giveToOwner(url);
    expect(await applyMigrations(urlAs(url, 'cs_owner', 'second password'), PRISMA_FOLDER)).toEqual([]);
    const owners = await ask(url, `SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'`);
    expect(owners).toEqual([{ tableowner: 'cs_owner' }]);
    const operator = urlAs(url, 'cs_operator', 'second password');
    expect(await ask(operator, `SELECT outcome FROM audit WHERE actor = 'test'`)).toEqual([{ outcome: 'from before' }]);
    await expect(ask(operator, 'DELETE FROM audit')).rejects.toMatchObject({ code: '42501' });
    await expect(ask(urlAs(url, 'cs_api', 'first password'), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('gets one role that it lacks at the next start, and the others stay', async () => {
    await ask(url, 'DROP OWNED BY cs_retention; DROP ROLE cs_retention');
    await ensureLoginRoles(postgres.url('postgres'), () => 'third password');
    expect(await applyMigrations(urlAs(url, 'cs_owner', 'third password'), PRISMA_FOLDER)).toEqual([]);
    const nothing = await ask(urlAs(url, 'cs_retention', 'third password'), 'SELECT enrollments FROM remove_expired(30, 90, 50)');
    expect(nothing).toEqual([{ enrollments: 0 }]);
    await expect(ask(urlAs(url, 'cs_retention', 'third password'), 'SELECT 1 FROM enrollment')).rejects.toMatchObject({ code: '42501' });
  });

  it('lets no role into another database, nor anybody without a grant into this one', async () => {
    await ask(postgres.url('postgres'), 'CREATE ROLE stranger LOGIN PASSWORD $$test$$');
    const stranger = new URL(url);
    stranger.username = 'stranger';
    await expect(ask(stranger.href, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
  });
});

function folderWithFirstMigration(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cs-migrations-'));
  cpSync(join(PRISMA_FOLDER, 'schema.prisma'), join(folder, 'schema.prisma'));
  mkdirSync(join(folder, 'migrations'));
  for (const name of ['migration_lock.toml', FIRST])
    cpSync(join(PRISMA_FOLDER, 'migrations', name), join(folder, 'migrations', name), { recursive: true });
  return folder;
}

async function ask(databaseUrl: string, query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(query)).rows;
  } finally {
    await client.end();
  }
}
