-- One process signs checkpoints at a time: false when another transaction does. Goes with the transaction.
CREATE OR REPLACE FUNCTION try_lock_checkpoints() RETURNS boolean LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT pg_try_advisory_xact_lock(7305202)
$$;
