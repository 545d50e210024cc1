import { DATABASE_ROLES, type DatabaseRole, FUNCTION_GRANTS, type Grant, TABLE_GRANTS } from './grants.ts';

/** What the catalogue says and the table of grants does not. */
export interface CatalogueFacts {
  readonly database: string;
  /** Roles of ours that the cluster has; the others are left out. */
  readonly roles: readonly DatabaseRole[];
  /** Sequences of serial columns and the table of each. */
  readonly sequences: readonly { sequence: string; table: string }[];
  /** The role that all processes shared before they had their own rights. */
  readonly formerGroup: boolean;
}

const FORMER_GROUP = 'cs_service';

/**
 * The statements that bring a database to the table of grants, from whatever it had before: all rights away, then those of the table.
 * To be run by the owner in one transaction: then no process meets the moment between.
 */
export function renderGrants(facts: CatalogueFacts): string[] {
  const everybody = ['PUBLIC', ...facts.roles, ...(facts.formerGroup ? [FORMER_GROUP] : [])].join(', ');
  return [
    ...revocations(facts, everybody),
    ...(facts.roles.length === 0 ? [] : entries(facts)),
    ...tables(facts.roles),
    ...sequences(facts),
    ...functions(facts.roles),
  ];
}

function revocations({ database, formerGroup }: CatalogueFacts, everybody: string): string[] {
  const kinds = ['TABLES', 'SEQUENCES', 'FUNCTIONS'];
  return [
    `REVOKE ALL ON DATABASE ${quoted(database)} FROM ${everybody}`,
    `REVOKE ALL ON SCHEMA public FROM ${everybody}`,
    ...kinds.map((kind) => `REVOKE ALL ON ALL ${kind} IN SCHEMA public FROM ${everybody}`),
    // What a later migration makes is nobody's until it is granted.
    'ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
    ...(formerGroup ? kinds.map((kind) => `ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON ${kind} FROM ${FORMER_GROUP}`) : []),
  ];
}

function entries({ database, roles }: CatalogueFacts): string[] {
  return [`GRANT CONNECT ON DATABASE ${quoted(database)} TO ${roles.join(', ')}`, `GRANT USAGE ON SCHEMA public TO ${roles.join(', ')}`];
}

function tables(roles: readonly DatabaseRole[]): string[] {
  return Object.entries(TABLE_GRANTS).flatMap(([table, grants]) =>
    roles.flatMap((role) => {
      const rights = rightsOf(grants[role]);
      return rights.length === 0 ? [] : [`GRANT ${rights.join(', ')} ON TABLE ${quoted(table)} TO ${role}`];
    }),
  );
}

function rightsOf({ select, insert, update, delete: mayDelete }: Grant = {}): string[] {
  const columns = (right: string, names: readonly string[] | undefined) =>
    names === undefined ? [] : [`${right} (${names.map(quoted).join(', ')})`];
  return [
    ...(select === 'all' ? ['SELECT'] : columns('SELECT', select)),
    ...columns('INSERT', insert),
    ...columns('UPDATE', update),
    ...(mayDelete === true ? ['DELETE'] : []),
  ];
}

/** Who inserts into a table with a serial column takes its next number, and cannot set it. */
function sequences({ roles, sequences: all }: CatalogueFacts): string[] {
  return all.flatMap(({ sequence, table }) =>
    roles
      .filter((role) => TABLE_GRANTS[table]?.[role]?.insert !== undefined)
      .map((role) => `GRANT USAGE ON SEQUENCE ${quoted(sequence)} TO ${role}`),
  );
}

function functions(roles: readonly DatabaseRole[]): string[] {
  return Object.entries(FUNCTION_GRANTS).flatMap(([signature, callers]) => {
    const present = DATABASE_ROLES.filter((role) => roles.includes(role) && callers.includes(role));
    return present.length === 0 ? [] : [`GRANT EXECUTE ON FUNCTION ${signature} TO ${present.join(', ')}`];
  });
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
