import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { applyGrants } from './apply-grants.ts';
import { explained } from './database-place.ts';
import { countPublicFunctions } from './public-functions.ts';
import { openSchemaEngine } from './schema-engine.ts';

export interface MigrateOptions {
  /** One sentence for each thing that happened. */
  onProgress?: (sentence: string) => void;
}

/** Any number, the same in every process that migrates. */
const MIGRATION_LOCK = 4_715_229;

/**
 * Applies the migrations of `prismaFolder` that the database has not seen, in order, and returns their names. May be repeated, also by
 * several processes at once: an advisory lock lets one work at a time. The connection must belong to the owner of the tables.
 * Afterwards each role has exactly the rights of store/grants.ts, whatever it had before.
 * A migration that fails leaves nothing behind but the note that it failed; the error says what PostgreSQL said.
 */
export async function applyMigrations(databaseUrl: string, prismaFolder: string, { onProgress }: MigrateOptions = {}): Promise<string[]> {
  const lock = new pg.Client({ connectionString: databaseUrl, application_name: 'cs-migrate' });
  await connected(lock, databaseUrl);
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await applyMissing(databaseUrl, prismaFolder);
    for (const name of applied) onProgress?.(`migration ${name} applied`);
    const missing = await applyGrants(lock);
    const callable = await countPublicFunctions(lock);
    if (callable > 0) onProgress?.(unrestricted(callable));
    if (missing.length > 0) onProgress?.(`no rights were given to ${missing.join(', ')}: the cluster has no such role`);
    return applied;
  } finally {
    await lock.end();
  }
}

async function connected(client: pg.Client, url: string): Promise<void> {
  await client.connect().catch((error: unknown) => {
    throw explained(error, url);
  });
}

function unrestricted(functions: number): string {
  return `every login may call ${functions} functions of PostgreSQL that none needs (advisory locks, large objects): run deploy/restrict-logins.sql in this database as a superuser`;
}

async function applyMissing(databaseUrl: string, prismaFolder: string): Promise<string[]> {
  const { engine, explain, close } = await openSchemaEngine(databaseUrl, readFileSync(join(prismaFolder, 'schema.prisma'), 'utf8'));
  try {
    const filters = { externalTables: [], externalEnums: [] };
    return (await engine.applyMigrations({ migrationsList: readMigrations(prismaFolder), filters })).appliedMigrationNames;
  } catch (error) {
    throw explain(error);
  } finally {
    await close();
  }
}

/** The migrations of `prismaFolder`, oldest first, as the schema engine wants them. */
function readMigrations(prismaFolder: string): MigrationList {
  const folder = join(prismaFolder, 'migrations');
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: readFileSync(join(folder, 'migration_lock.toml'), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: migrationsOf(folder),
  };
}

function migrationsOf(folder: string) {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  return names.map((path) => ({
    path,
    migrationFile: {
      path: 'migration.sql',
      content: { tag: 'ok' as const, value: readFileSync(join(folder, path, 'migration.sql'), 'utf8') },
    },
  }));
}
