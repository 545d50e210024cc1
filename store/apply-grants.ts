import type pg from 'pg';
import { DATABASE_ROLES, type DatabaseRole } from './grants.ts';
import { type CatalogueFacts, renderGrants } from './render-grants.ts';

/**
 * Gives each role exactly the rights of store/grants.ts, in one transaction, and returns the roles that the cluster does not have: they
 * are made by an administrator (docs/deployment.md), not by a migration. May be repeated. The connection belongs to the owner.
 */
export async function applyGrants(client: pg.Client): Promise<DatabaseRole[]> {
  const facts = await readCatalogue(client);
  await client.query('BEGIN');
  try {
    for (const statement of renderGrants(facts)) await client.query(statement);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  return DATABASE_ROLES.filter((role) => !facts.roles.includes(role));
}

async function readCatalogue(client: pg.Client): Promise<CatalogueFacts> {
  const { rows: names } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  const { rows: sequences } = await client.query<{ sequence: string; table: string }>(
    `SELECT s.relname AS sequence, t.relname AS table FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype = 'a'
       JOIN pg_class t ON t.oid = d.refobjid WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace`,
  );
  const { rows: place } = await client.query<{ database: string }>('SELECT current_database() AS database');
  const known = new Set(names.map(({ rolname }) => rolname));
  return {
    database: place[0]?.database ?? '',
    roles: DATABASE_ROLES.filter((role) => known.has(role)),
    sequences,
    formerGroup: known.has('cs_service'),
  };
}
