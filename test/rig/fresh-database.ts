import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { type Database, openDatabase } from '../../store/database.ts';
import './provided.ts';

export interface FreshDatabase {
  /** Superuser URL. */
  readonly url: string;
  readonly db: Database;
}

/**
 * A database of this test file alone, cloned from the migrated template (some 30 ms). Called at the top of a file or in beforeAll;
 * closed and dropped after the file's tests.
 */
export async function freshDatabase(options: { poolSize?: number } = {}): Promise<FreshDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE cs_template`);
  const url = new URL(inject('rig').postgresUrl);
  url.pathname = `/${name}`;
  const db = openDatabase(url.href, { poolSize: options.poolSize ?? 8 });
  afterAll(async () => {
    await db.$disconnect();
    await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
  return { url: url.href, db };
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
