import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { type Catalogue, readFunctions } from './function-catalogue.ts';

/** A file of prisma/functions and what it defines. */
export interface FunctionSource {
  readonly file: string;
  readonly sql: string;
  readonly defines: Catalogue;
}

/** As pg_dump does: then the order of the files decides nothing. */
export const BODIES_LATER = 'SET LOCAL check_function_bodies = off;';

/**
 * Loads every file of `folder` into a database that has the tables and no function, and says which file defines what. Loaded twice: the
 * second time with the bodies checked. Throws with the name of the file that PostgreSQL refuses, or that defines what another one does.
 */
export async function loadFunctions(client: pg.Client, folder: string): Promise<FunctionSource[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  const sources: FunctionSource[] = [];
  let before = await readFunctions(client);
  for (const file of files.toSorted()) {
    const sql = readFileSync(join(folder, file), 'utf8');
    await load(client, file, `${BODIES_LATER} ${sql}`);
    const after = await readFunctions(client);
    sources.push({ file, sql, defines: added(file, before, after) });
    before = after;
  }
  for (const { file, sql } of sources) await load(client, file, sql);
  return sources;
}

async function load(client: pg.Client, file: string, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    throw new Error(`prisma/functions/${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function added(file: string, before: Catalogue, after: Catalogue): Catalogue {
  const twice = [...before].find(([name, { definition }]) => after.get(name)?.definition !== definition);
  if (twice !== undefined) throw new Error(`prisma/functions/${file} defines ${twice[0]}, which another file defines`);
  return new Map([...after].filter(([name]) => !before.has(name)));
}
