-- An outcome is written once.
CREATE OR REPLACE FUNCTION guard_outcome() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT is_owner_of(TG_RELID) AND OLD.decided_at IS NOT NULL THEN
    RAISE EXCEPTION 'an outcome is written once' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER pin_attempt_guard BEFORE UPDATE ON pin_attempt FOR EACH ROW EXECUTE FUNCTION guard_outcome();
CREATE OR REPLACE TRIGGER csr_submission_guard BEFORE UPDATE ON csr_submission FOR EACH ROW EXECUTE FUNCTION guard_outcome();
