import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll } from 'vitest';
import { PRISMA_FOLDER } from '../../cli/commands/migrate.ts';
import { ensureLoginRoles, giveToOwner, type LoginRole, urlAs } from '../../cli/dev/database-roles.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import { startPostgres } from '../../cli/dev/postgres.ts';
import { type Database, openDatabase } from '../../store/database.ts';
import type { DatabaseRole } from '../../store/grants.ts';
import { applyMigrations } from '../../store/migrate.ts';
import type { FreshDatabase } from './fresh-database.ts';
import { ROLE_PASSWORD } from './provided.ts';

export interface OwnPostgres extends FreshDatabase {
  readonly port: number;
  /** As superuser, in the database `postgres`: what an administrator does to the server. */
  administer(...statements: readonly string[]): Promise<void>;
  /** As superuser, in the service's database. */
  query<Row extends pg.QueryResultRow>(sql: string, ...values: unknown[]): Promise<Row[]>;
}

export const OWN_DATABASE = 'certificate_service';

/** A PostgreSQL of this file alone, for what would meet every other test: settings of the server, passwords of roles, its end. */
export async function ownPostgres(): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'own-postgres-'));
  chmodSync(folder, 0o711); // PostgreSQL's own user must pass
  const port = await freePort();
  const server = await startPostgres({ folder: join(folder, 'postgres'), port, password: 'test', settings: ['fsync=off'] });
  const opened: Database[] = [];
  afterAll(async () => {
    for (const db of opened) await db.$disconnect();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  await server.ensureDatabase(OWN_DATABASE);
  const url = server.url(OWN_DATABASE);
  const urlOf = (role: LoginRole) => urlAs(url, role, ROLE_PASSWORD);
  await ensureLoginRoles(url, () => ROLE_PASSWORD);
  await giveToOwner(url);
  await applyMigrations(urlOf('cs_owner'), PRISMA_FOLDER);
  const open = (as: string): Database => {
    const db = openDatabase(as, { poolSize: 8 });
    opened.push(db);
    return db;
  };
  return {
    url,
    port,
    db: open(url),
    asRole: (role: DatabaseRole) => open(urlOf(role)),
    urlOf,
    administer: async (...statements) => {
      for (const statement of statements) await asked(server.url('postgres'), statement, []);
    },
    query: (sql, ...values) => asked(url, sql, values),
  };
}

async function asked<Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // it may be what ends the server
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
