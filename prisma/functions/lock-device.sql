-- Puts the transaction in line for one device, which may have no row yet. After lock_user, before any row; goes with the transaction.
-- Names are joined by a character that no id holds. Two devices with one hash wait for each other and no more.
CREATE OR REPLACE FUNCTION lock_device(p_client_id text, p_user_id text, p_device_id text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  class CONSTANT integer := 7305211;
BEGIN
  PERFORM pg_advisory_xact_lock(class, hashtext(concat_ws(E'\n', p_client_id, p_user_id, p_device_id)));
END $$;
