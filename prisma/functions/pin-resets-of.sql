-- How often the PIN of a user was reset. Read by the statement that asks, so that after lock_user it is the present number.
CREATE OR REPLACE FUNCTION pin_resets_of(p_user_id text) RETURNS integer LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT COALESCE((SELECT resets FROM pin_reset WHERE user_id = p_user_id), 0)
$$;
