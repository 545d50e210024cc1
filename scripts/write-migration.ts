import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../cli/dev/free-ports.ts';
import { startPostgres } from '../cli/dev/postgres.ts';
import { openSchemaEngine } from '../store/schema-engine.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEMA = 'prisma/schema.prisma';

/**
 * Writes what schema.prisma has now and had not at the last commit that touched prisma/migrations as a new migration; returns its path,
 * undefined when there is no difference. Compares the two schemas, not a database: the engine cannot read our CHECK constraints back
 * through the driver ("char" columns of the catalogue).
 */
export async function writeMigration(name: string): Promise<string | undefined> {
  const before = schemaOfLastMigration();
  const script = await withPostgres((url) => difference(url, before, readFileSync(join(ROOT, SCHEMA), 'utf8')));
  if (script === undefined) return undefined;
  const folder = join(ROOT, 'prisma', 'migrations', `${stamp(new Date())}_${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'migration.sql'), script);
  return join(folder, 'migration.sql');
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
async function withPostgres<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'cs-diff-'));
  chmodSync(folder, 0o711);
  const postgres = await startPostgres({
    folder: join(folder, 'postgres'),
    port: await freePort(),
    password: 'diff',
    settings: ['fsync=off'],
  });
  try {
    return await work(postgres.url('postgres'));
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function schemaOfLastMigration(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const commit = git('log', '-1', '--format=%H', '--', 'prisma/migrations').trim();
  if (commit === '') throw new Error('No commit holds prisma/migrations yet; nothing to compare with.');
  return git('show', `${commit}:${SCHEMA}`);
}

/** 20261123094500, as Prisma names migrations. */
function stamp(now: Date): string {
  return now.toISOString().replace(/\D/g, '').slice(0, 14);
}
