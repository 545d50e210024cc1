-- Functions and triggers: copies of prisma/functions, changed there ------------------------------------------------------
SET LOCAL check_function_bodies = off;

-- Puts the transaction in line for one device, which may have no row yet. After lock_user, before any row; goes with the transaction.
-- Names are joined by a character that no id holds. Two devices with one hash wait for each other and no more.
CREATE OR REPLACE FUNCTION lock_device(p_client_id text, p_user_id text, p_device_id text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  class CONSTANT integer := 7305211;
BEGIN
  PERFORM pg_advisory_xact_lock(class, hashtext(concat_ws(E'\n', p_client_id, p_user_id, p_device_id)));
END $$;

-- Puts the transaction in line for one user: shared by what only needs that nothing changes for the whole user (a create, a renewal), and
-- exclusive for what does (a PIN reset, a revocation of the user). The lock goes with the transaction, and comes before lock_device and any row.
-- With the owner's rights: logins call no advisory function themselves. The first key is the class, so that nobody else's locks collide.
CREATE OR REPLACE FUNCTION lock_user(p_user_id text, p_exclusive boolean) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  class CONSTANT integer := 7305210;
BEGIN
  IF p_exclusive THEN
    PERFORM pg_advisory_xact_lock(class, hashtext(p_user_id));
  ELSE
    PERFORM pg_advisory_xact_lock_shared(class, hashtext(p_user_id));
  END IF;
END $$;

-- One process signs checkpoints at a time: false when another transaction does. Goes with the transaction.
CREATE OR REPLACE FUNCTION try_lock_checkpoints() RETURNS boolean LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT pg_try_advisory_xact_lock(7305202)
$$;
