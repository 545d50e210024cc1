import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { discardData } from '../cli/dev/discard-data.ts';
import { freePort } from '../cli/dev/free-ports.ts';
import { type RunningPostgres, startPostgres } from '../cli/dev/postgres.ts';
import { applyMigrations } from '../store/migrate.ts';
import { openSchemaEngine } from '../store/schema-engine.ts';
import { dropFunctions, readFunctions } from './function-catalogue.ts';
import { functionChanges } from './function-changes.ts';
import { loadFunctions } from './function-sources.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEMA = 'prisma/schema.prisma';

/**
 * Writes a new migration with what schema.prisma has now and had not at the last commit that touched prisma/migrations, and with the
 * files of prisma/functions that differ from what the migrations so far make. Returns its path, undefined when there is no difference.
 * Compares two schemas, not a database: the engine cannot read our CHECK constraints back through the driver ("char" columns of the
 * catalogue). Functions are compared in two databases of a throw-away server.
 */
export async function writeMigration(name: string): Promise<string | undefined> {
  const script = await withPostgres(async (postgres) => {
    const tables = await difference(postgres.url('postgres'), schemaOfLastMigration(), readFileSync(join(ROOT, SCHEMA), 'utf8'));
    const functions = await functionPart(postgres, tables);
    return [tables, functions].filter((part) => part !== undefined).join('\n');
  });
  if (script === '') return undefined;
  const folder = join(ROOT, 'prisma', 'migrations', `${timeOfNext()}_${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'migration.sql'), script);
  return join(folder, 'migration.sql');
}

/** `tables`: what the new migration does before; functions may need it. */
async function functionPart(postgres: RunningPostgres, tables = ''): Promise<string | undefined> {
  await postgres.ensureDatabase('migrated');
  await applyMigrations(postgres.url('migrated'), join(ROOT, 'prisma'));
  const client = new pg.Client({ connectionString: postgres.url('migrated') });
  await client.connect();
  try {
    const migrated = await readFunctions(client);
    await dropFunctions(client);
    await client.query(tables);
    return functionChanges(migrated, await loadFunctions(client, join(ROOT, 'prisma', 'functions')));
  } finally {
    await client.end();
  }
}

/** The SQL that leads from one schema to another, undefined when they are the same. */
async function difference(databaseUrl: string, before: string, after: string): Promise<string | undefined> {
  const { engine, close } = await openSchemaEngine(databaseUrl, after);
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatamodel', files: [{ path: SCHEMA, content: before }] },
      to: { tag: 'schemaDatamodel', files: [{ path: SCHEMA, content: after }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout === null || /^\s*(-- This is an empty migration\.)?\s*$/.test(stdout) ? undefined : stdout;
  } finally {
    await close();
  }
}

/** The engine wants a server at its start, even for a comparison that needs none. */
async function withPostgres<Result>(work: (postgres: RunningPostgres) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'cs-diff-'));
  chmodSync(folder, 0o711);
  const postgres = await startPostgres({
    folder: join(folder, 'postgres'),
    port: await freePort(),
    password: 'diff',
    settings: ['fsync=off'],
  });
  try {
    return await work(postgres);
  } finally {
    await postgres.stop();
    discardData(folder);
  }
}

function schemaOfLastMigration(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const commit = git('log', '-1', '--format=%H', '--', 'prisma/migrations').trim();
  if (commit === '') throw new Error('No commit holds prisma/migrations yet; nothing to compare with.');
  return git('show', `${commit}:${SCHEMA}`);
}

/** 20261123094500, as Prisma names migrations, and later than each that exists: the last one has the last word on a function. */
function timeOfNext(): string {
  const now = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const names = readdirSync(join(ROOT, 'prisma', 'migrations')).filter((name) => /^\d{14}_/.test(name));
  const last = Math.max(...names.map((name) => Number(name.slice(0, 14))));
  return Number(now) > last ? now : String(last + 1);
}
