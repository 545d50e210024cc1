import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { DATABASE_ROLES, type DatabaseRole, OWNER_ROLE } from '../../store/grants.ts';

/** The login roles of a cluster: the owner of the tables, and those of the processes. */
export const LOGIN_ROLES = [OWNER_ROLE, ...DATABASE_ROLES] as const;
export type LoginRole = typeof OWNER_ROLE | DatabaseRole;

/**
 * Makes the login roles that a cluster lacks and gives each the password of `passwordOf`. What deploy/postgres-init.template.sql does for
 * an installation. `adminUrl`: of a superuser. May be repeated.
 */
export async function ensureLoginRoles(adminUrl: string, passwordOf: (role: LoginRole) => string): Promise<void> {
  await asAdministrator(adminUrl, async (client) => {
    const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
    for (const role of LOGIN_ROLES) {
      const verb = rows.some(({ rolname }) => rolname === role) ? 'ALTER' : 'CREATE';
      await client.query(
        `${verb} ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${pg.escapeLiteral(passwordOf(role))}`,
      );
    }
  });
}

/**
 * Makes `cs_owner` the owner of a database and of all that is in it, also of what an earlier version made as superuser, and takes from the
 * logins what an installation takes from them. May be repeated.
 */
export async function giveToOwner(adminDatabaseUrl: string): Promise<void> {
  await asAdministrator(adminDatabaseUrl, async (client) => {
    await client.query(HAND_OVER);
    await client.query(readFileSync(RESTRICTIONS, 'utf8'));
  });
}

const RESTRICTIONS = fileURLToPath(new URL('../../deploy/restrict-logins.sql', import.meta.url));

const HAND_OVER = `DO $$
DECLARE
  statement text;
BEGIN
  EXECUTE format('ALTER DATABASE %I OWNER TO ${OWNER_ROLE}', current_database());
  ALTER SCHEMA public OWNER TO ${OWNER_ROLE};
  FOR statement IN
    SELECT format('ALTER TABLE %s OWNER TO ${OWNER_ROLE}', oid::regclass) FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner <> '${OWNER_ROLE}'::regrole
    UNION ALL
    SELECT format('ALTER FUNCTION %s OWNER TO ${OWNER_ROLE}', oid::regprocedure) FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace AND proowner <> '${OWNER_ROLE}'::regrole
  LOOP EXECUTE statement; END LOOP;
END $$`;

async function asAdministrator<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same database as another role. */
export function urlAs(databaseUrl: string, role: LoginRole, password: string): string {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = password;
  return url.href;
}
