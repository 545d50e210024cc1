-- Up to here the chain was exported and dropped.
CREATE OR REPLACE FUNCTION audit_floor() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT COALESCE(max(seq), 0) FROM audit_checkpoint WHERE dropped_at IS NOT NULL
$$;
