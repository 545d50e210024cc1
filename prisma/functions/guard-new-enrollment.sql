CREATE OR REPLACE FUNCTION guard_new_enrollment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF is_owner_of(TG_RELID) THEN RETURN NEW; END IF;
  IF NEW.state <> (CASE WHEN NEW.pin_waived THEN 'awaiting-csr' ELSE 'awaiting-pin' END)
    OR NEW.pin_satisfied_at IS NOT NULL OR NEW.csr_digest IS NOT NULL OR NEW.started_at IS NOT NULL OR NEW.ended_at IS NOT NULL
    OR (NEW.pin_attempts, NEW.csr_submissions, NEW.csr_refusals, NEW.ack_refusals) <> (0, 0, 0, 0) THEN
    RAISE EXCEPTION 'an enrollment begins at its beginning' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.pin_waived AND (NEW.pin_policy <> 'skip-if-present' OR NOT EXISTS (SELECT FROM user_pin WHERE user_id = NEW.user_id)) THEN
    RAISE EXCEPTION 'a PIN that does not exist, or is to be verified, is not waived' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.stage_deadline > NEW.expires_at OR NEW.expires_at > clock_timestamp() + interval '31 days' THEN
    RAISE EXCEPTION 'an enrollment ends within 31 days' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER enrollment_guard_insert BEFORE INSERT ON enrollment FOR EACH ROW EXECUTE FUNCTION guard_new_enrollment();
