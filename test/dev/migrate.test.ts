import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { applyMigrations } from '../../store/migrate.ts';
import { emptyDatabase } from '../rig/fresh-database.ts';

const PRISMA = fileURLToPath(new URL('../../prisma', import.meta.url));

describe('migrations', () => {
  it('bring an empty database to the newest schema once, and change nothing the second time', async () => {
    const url = await emptyDatabase();
    expect(await applyMigrations(url, PRISMA)).toContain('20261123000000_enrollment');
    expect(await applyMigrations(url, PRISMA)).toEqual([]);
  });

  it('go on over a blocked key whose entry has the form of an earlier release, and ask the new form of new ones', async () => {
    const url = await emptyDatabase();
    await applyMigrations(url, folderWithout('20261126140000_asker_logins'));
    const block = (digit: string, by: string) =>
      ask(url, `INSERT INTO blocked_key (spki_sha256, reason, blocked_by) VALUES ('${digit.repeat(64)}', 'stolen', '${by}')`);
    await block('a', 'operator:Jane Doe');
    expect(await applyMigrations(url, PRISMA)).toEqual(['20261126140000_asker_logins']);
    await expect(block('b', 'operator:Jane Doe')).rejects.toThrow('blocked_key_by_check');
    await block('b', 'operator:jane.doe');
    expect(await ask(url, 'SELECT count(*)::int AS n FROM blocked_key')).toEqual([{ n: 2 }]);
  });

  it('run function bodies in dollar quotes as one statement', async () => {
    const url = await emptyDatabase();
    const script = `CREATE TABLE thing (id int PRIMARY KEY, state text);
CREATE FUNCTION end_thing(p int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found thing%ROWTYPE;
BEGIN
  UPDATE thing SET state = 'ended; really' WHERE id = p;
  SELECT * INTO found FROM thing WHERE id = p;
  RETURN found.state;
END $$;
CREATE UNIQUE INDEX thing_open ON thing (state) WHERE state = 'open';
INSERT INTO thing VALUES (1, 'open');
`;
    expect(await applyMigrations(url, folderWith({ '20990101000000_dollars': script }))).toContain('20990101000000_dollars');
    expect(await ask(url, 'SELECT end_thing(1) AS state')).toEqual([{ state: 'ended; really' }]);
  });

  it('leave nothing behind of a migration that fails half-way, and say why', async () => {
    const url = await emptyDatabase();
    const folder = folderWith({ '20990101000000_broken': 'CREATE TABLE half (id int);\nINSERT INTO nowhere VALUES (1);\n' });
    await expect(applyMigrations(url, folder)).rejects.toThrow(/nowhere/);
    expect(await ask(url, `SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
  });
});

/** The project's schema and migrations, with more migrations after them. */
function folderWith(migrations: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cs-migrations-'));
  cpSync(PRISMA, folder, { recursive: true });
  for (const [name, script] of Object.entries(migrations)) {
    mkdirSync(join(folder, 'migrations', name));
    writeFileSync(join(folder, 'migrations', name, 'migration.sql'), script);
  }
  return folder;
}

/** The project's schema and migrations as they were before this one. */
function folderWithout(name: string): string {
  const folder = folderWith({});
  rmSync(join(folder, 'migrations', name), { recursive: true });
  return folder;
}

async function ask(url: string, query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(query)).rows;
  } finally {
    await client.end();
  }
}
