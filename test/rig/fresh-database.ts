import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { type LoginRole, urlAs } from '../../cli/dev/database-roles.ts';
import { type Database, openDatabase } from '../../store/database.ts';
import type { DatabaseRole } from '../../store/grants.ts';
import { ROLE_PASSWORD } from './provided.ts';

export interface FreshDatabase {
  /** Superuser URL. */
  readonly url: string;
  /** As superuser: for preparing and looking, not for what a process does. */
  readonly db: Database;
  /** The same database with the rights of one process. */
  asRole(role: DatabaseRole): Database;
  urlOf(role: LoginRole): string;
}

/**
 * A database of this test file alone, cloned from the migrated template (some 30 ms). Called at the top of a file or in beforeAll;
 * closed and dropped after the file's tests.
 */
export async function freshDatabase(options: { poolSize?: number } = {}): Promise<FreshDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE cs_template OWNER cs_owner`);
  const url = new URL(inject('rig').postgresUrl);
  url.pathname = `/${name}`;
  const urlOf = (role: LoginRole) => urlAs(url.href, role, ROLE_PASSWORD);
  const open = (as: string) => openDatabase(as, { poolSize: options.poolSize ?? 8 });
  const opened = new Map<string, Database>();
  afterAll(async () => {
    for (const one of opened.values()) await one.$disconnect();
    await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
  const asRole = (role: DatabaseRole) => openOnce(opened, role, () => open(urlOf(role)));
  return { url: url.href, db: openOnce(opened, '', () => open(url.href)), asRole, urlOf };
}

function openOnce(opened: Map<string, Database>, name: string, open: () => Database): Database {
  const db = opened.get(name) ?? open();
  opened.set(name, db);
  return db;
}

/** An empty database without any table, for tests of migrations. */
export async function emptyDatabase(): Promise<string> {
  const name = `empty_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name}`);
  afterAll(() => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  const url = new URL(inject('rig').postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}

const TEMPLATE_BUSY = '55006';

/** Two files may clone at the same moment: PostgreSQL refuses the second while the first reads the template. */
async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('rig').postgresUrl });
  await client.connect();
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.query(statement);
        return;
      } catch (error) {
        if (attempt === 50 || !(error instanceof pg.DatabaseError) || error.code !== TEMPLATE_BUSY) throw error;
        await new Promise((done) => setTimeout(done, 50));
      }
    }
  } finally {
    await client.end();
  }
}
