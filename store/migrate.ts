import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSchemaEngine } from './schema-engine.ts';

/**
 * Applies the migrations of `prismaFolder` that the database has not seen, in order, and returns their names. May be repeated.
 * The connection must belong to the owner of the tables.
 */
export async function applyMigrations(databaseUrl: string, prismaFolder: string): Promise<string[]> {
  const engine = await openSchemaEngine(databaseUrl, readFileSync(join(prismaFolder, 'schema.prisma'), 'utf8'));
  const folder = join(prismaFolder, 'migrations');
  const { appliedMigrationNames } = await engine.applyMigrations({
    migrationsList: {
      baseDir: folder,
      lockfile: { path: 'migration_lock.toml', content: readFileSync(join(folder, 'migration_lock.toml'), 'utf8') },
      shadowDbInitScript: '',
      migrationDirectories: migrationsOf(folder),
    },
    filters: { externalTables: [], externalEnums: [] },
  });
  return appliedMigrationNames;
}

function migrationsOf(folder: string) {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).toSorted();
  return names.map((path) => ({
    path,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: readFileSync(join(folder, path, 'migration.sql'), 'utf8') } },
  }));
}
