-- The name `revocation` is that of the trigger, which runs as the owner.
CREATE OR REPLACE FUNCTION guard_blocked_by() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.blocked_by = 'revocation' AND NOT is_owner_of(TG_RELID) THEN
    RAISE EXCEPTION 'only a revocation blocks a key as revocation' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER blocked_key_guard BEFORE INSERT ON blocked_key FOR EACH ROW EXECUTE FUNCTION guard_blocked_by();
