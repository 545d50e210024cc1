-- The mark of a signature is set once, and an intent that was issued or burnt stays so.
CREATE OR REPLACE FUNCTION guard_intent() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT is_owner_of(TG_RELID) AND ((OLD.status <> 'open' AND NEW.status <> OLD.status)
      OR (OLD.signing_started_at IS NOT NULL AND NEW.signing_started_at IS DISTINCT FROM OLD.signing_started_at)) THEN
    RAISE EXCEPTION 'what was marked for signing stays marked' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER credential_intent_guard BEFORE UPDATE ON credential_intent FOR EACH ROW EXECUTE FUNCTION guard_intent();
