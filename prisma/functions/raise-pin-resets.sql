-- One reset more. The caller holds the lock of the user alone.
CREATE OR REPLACE FUNCTION raise_pin_resets(p_user_id text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO pin_reset (user_id, resets) VALUES (p_user_id, 1)
    ON CONFLICT (user_id) DO UPDATE SET resets = pin_reset.resets + 1, last_at = clock_timestamp()
$$;
