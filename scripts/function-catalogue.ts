import type pg from 'pg';

/** One function or trigger of schema public, as PostgreSQL itself writes it. */
export interface SqlObject {
  /** `function name(types)` or `trigger name on table`: the same in every database. */
  readonly name: string;
  readonly definition: string;
  /** What CREATE OR REPLACE FUNCTION cannot change: kind, result, names and defaults of arguments. */
  readonly interface: string;
  /** The statement that takes it away. */
  readonly drop: string;
}

export type Catalogue = ReadonlyMap<string, SqlObject>;

/** Triggers first: a function cannot go before its triggers. */
const OBJECTS = `
  SELECT format('trigger %s on %s', tgname, tgrelid::regclass) AS name, format('%s; %s', pg_get_triggerdef(oid), tgenabled) AS definition,
    '' AS interface, format('DROP TRIGGER %I ON %s;', tgname, tgrelid::regclass) AS drop, 1 AS place
  FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT 'function ' || oid::regprocedure, pg_get_functiondef(oid),
    concat_ws(' ', prokind, pg_get_function_arguments(oid), 'returns', pg_get_function_result(oid)),
    format('DROP FUNCTION %s;', oid::regprocedure), 2
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  ORDER BY place, name`;

/** Every function and trigger of schema public by name, triggers first. */
export async function readFunctions(client: pg.Client): Promise<Catalogue> {
  const { rows } = await client.query<SqlObject>(OBJECTS);
  return new Map(rows.map(({ name, definition, interface: fixed, drop }) => [name, { name, definition, interface: fixed, drop }]));
}

/** Leaves the tables and takes away every function and trigger, and whatever hangs on them. For scratch databases. */
export async function dropFunctions(client: pg.Client): Promise<void> {
  for (const { drop } of (await readFunctions(client)).values()) await client.query(drop.replace(/;$/, ' CASCADE'));
}
