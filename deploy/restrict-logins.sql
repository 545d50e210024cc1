-- What the logins of the service may not do with PostgreSQL itself (ADR 43, docs/deployment.md). Run by a superuser in the database of the
-- service: at the end of postgres-init.sql when the cluster is made, by hand after an upgrade from a version before. May be repeated.

-- Functions that no login needs and that hurt others: advisory locks of any name (they are taken by functions with the owner's rights), large
-- objects (disk without an end), snapshots and messages for other sessions. The owner migrates under an advisory lock, and may be dumped.
DO $$
DECLARE
  callee regprocedure;
BEGIN
  FOR callee IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
    AND proname ~ '^(pg_(try_)?advisory_.*|lo_.*|loread|lowrite|pg_export_snapshot|pg_logical_emit_message)$'
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', callee);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cs_owner', callee);
  END LOOP;
END $$;

-- One login cannot take all connections; together they may exceed max_connections. Times are presets: a session may set others for itself, the
-- limit of temporary files only a superuser.
ALTER ROLE cs_api CONNECTION LIMIT 64;
ALTER ROLE cs_worker CONNECTION LIMIT 48;
ALTER ROLE cs_issuer CONNECTION LIMIT 48;
ALTER ROLE cs_sweeper CONNECTION LIMIT 16;
ALTER ROLE cs_retention CONNECTION LIMIT 16;
ALTER ROLE cs_operator CONNECTION LIMIT 16;
DO $$
DECLARE
  login text;
BEGIN
  FOREACH login IN ARRAY ARRAY['cs_api', 'cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_retention', 'cs_operator'] LOOP
    EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', login, '60s');
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', login, '60s');
    EXECUTE format('ALTER ROLE %I SET temp_file_limit = %L', login, '1GB');
  END LOOP;
END $$;
