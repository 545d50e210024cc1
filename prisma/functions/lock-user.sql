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
