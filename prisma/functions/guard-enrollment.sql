-- Each transition belongs to one process; every end is end_enrollment's, which runs as the owner.
CREATE OR REPLACE FUNCTION guard_enrollment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF is_owner_of(TG_RELID) THEN RETURN NEW; END IF;
  IF NEW.state <> OLD.state AND (current_user, OLD.state, NEW.state) NOT IN (
      ('cs_api', 'awaiting-pin', 'awaiting-csr'), ('cs_worker', 'awaiting-csr', 'issuing'), ('cs_issuer', 'issuing', 'awaiting-ack')) THEN
    RAISE EXCEPTION '% does not take an enrollment from % to %', current_user, OLD.state, NEW.state USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.state <> OLD.state AND is_before_pin_reset(OLD) THEN
    RAISE EXCEPTION 'enrollment % was created before the PIN of its user was reset: it ends', OLD.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.state = OLD.state AND (NEW.state_since, NEW.stage_deadline, NEW.pin_satisfied_at, NEW.csr_digest)
      IS DISTINCT FROM (OLD.state_since, OLD.stage_deadline, OLD.pin_satisfied_at, OLD.csr_digest) THEN
    RAISE EXCEPTION 'deadline, PIN and CSR of an enrollment change only with its state' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.stage_deadline > OLD.expires_at
    OR (NEW.pin_satisfied_at IS DISTINCT FROM OLD.pin_satisfied_at AND OLD.state <> 'awaiting-pin')
    OR (NEW.csr_digest IS DISTINCT FROM OLD.csr_digest AND OLD.state <> 'awaiting-csr') THEN
    RAISE EXCEPTION 'a stage sets its own facts, within the whole deadline' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.pin_attempts < OLD.pin_attempts OR NEW.csr_submissions < OLD.csr_submissions OR NEW.csr_refusals < OLD.csr_refusals
    OR NEW.ack_refusals < OLD.ack_refusals OR (OLD.started_at IS NOT NULL AND NEW.started_at IS DISTINCT FROM OLD.started_at) THEN
    RAISE EXCEPTION 'what was counted and started stays so' USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- A run may be noted as started after its row has ended; nothing else.
  IF OLD.ended_at IS NOT NULL AND to_jsonb(NEW) - 'started_at' <> to_jsonb(OLD) - 'started_at' THEN
    RAISE EXCEPTION 'enrollment % ended as %; a terminal row never changes', OLD.id, OLD.state USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER enrollment_guard_update BEFORE UPDATE ON enrollment FOR EACH ROW EXECUTE FUNCTION guard_enrollment();
