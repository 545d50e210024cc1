import type pg from 'pg';

/**
 * How many functions of PostgreSQL every login may call that deploy/restrict-logins.sql takes from them: advisory locks, large objects,
 * snapshots. Only a superuser can take them away, so `cs migrate`, which is the owner, looks and says so.
 */
export async function countPublicFunctions(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')
       AND proname ~ '^(pg_(try_)?advisory_.*|lo_.*|loread|lowrite|pg_export_snapshot|pg_logical_emit_message)$'`,
  );
  return rows[0]?.count ?? 0;
}
