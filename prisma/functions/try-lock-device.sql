-- lock_device for who holds rows already, and therefore must not wait: false, at once, when somebody else is in line. Goes with the transaction.
CREATE OR REPLACE FUNCTION try_lock_device(p_client_id text, p_user_id text, p_device_id text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  class CONSTANT integer := 7305211;
BEGIN
  RETURN pg_try_advisory_xact_lock(class, hashtext(concat_ws(E'\n', p_client_id, p_user_id, p_device_id)));
END $$;
