-- Functions and triggers: copies of prisma/functions, changed there ------------------------------------------------------
SET LOCAL check_function_bodies = off;

-- Every end but the acknowledgement, for API, worker and sweeper alike: terminal state, sealed key erased, open intents burnt (with a
-- signing mark: serial revoked), certificates revoked, CRL due, texts of CSRs gone but the accepted one's, audit.
-- With p_expected the end happens only from one of those states. Returns the state that stands afterwards; no row: no such enrollment.
CREATE OR REPLACE FUNCTION end_enrollment(p_id uuid, p_state text, p_code text, p_actor text, p_expected text[] DEFAULT NULL)
RETURNS TABLE (ended boolean, state text, code text) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  held enrollment%ROWTYPE;
  -- Who asked a worker by a message of Temporal is not proven: its own name is written, whatever the message says (ADR 42).
  writer CONSTANT text := CASE session_user WHEN 'cs_worker' THEN 'workflow' WHEN 'cs_sweeper' THEN 'sweeper' ELSE p_actor END;
  moment timestamptz;
BEGIN
  -- Without this a caller could complete an enrollment without a receipt.
  IF p_state NOT IN ('expired','cancelled','failed','locked') THEN
    RAISE EXCEPTION 'an enrollment does not end as % here', p_state USING ERRCODE = 'check_violation';
  END IF;
  SELECT * INTO held FROM enrollment WHERE id = p_id FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF held.ended_at IS NOT NULL OR (p_expected IS NOT NULL AND held.state <> ALL (p_expected)) THEN
    RETURN QUERY SELECT false, held.state, held.code;
    RETURN;
  END IF;
  moment := clock_timestamp();
  UPDATE enrollment SET state = p_state, code = p_code, state_since = moment, ended_at = moment WHERE id = p_id;
  UPDATE delivery SET sealed = NULL, erased_at = moment WHERE enrollment_id = p_id AND sealed IS NOT NULL;
  -- Issuer rows in one order, so that two ends never wait for each other.
  PERFORM 1 FROM issuer WHERE id IN (SELECT issuer_id FROM credential_intent WHERE enrollment_id = p_id) ORDER BY id FOR UPDATE;
  INSERT INTO revocation (issuer_id, serial, enrollment_id, revoked_at, reason, not_after)
    SELECT issuer_id, serial, enrollment_id, moment, 'cessationOfOperation', not_after FROM credential_intent
    WHERE enrollment_id = p_id AND signing_started_at IS NOT NULL
    ON CONFLICT DO NOTHING;
  UPDATE credential_intent SET status = 'burnt' WHERE enrollment_id = p_id AND status = 'open';
  UPDATE certificate SET status = 'revoked', revoked_at = moment WHERE enrollment_id = p_id AND status <> 'revoked';
  -- Texts of refused submissions, and of those that were never judged; digest and outcome stay (ADR 52).
  UPDATE csr_submission SET csr_text = '', delivery_key = '{}' WHERE enrollment_id = p_id AND digest IS DISTINCT FROM held.csr_digest;
  INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    VALUES (writer, 'enrollment.end', p_id, held.user_id, p_state, jsonb_build_object('code', p_code, 'from', held.state));
  RETURN QUERY SELECT true, p_state, p_code;
END $$;

-- Each login writes only its kinds of actor into the audit (ADR 42): a closed table by session_user, which no SET ROLE and no function with the
-- owner's rights changes. The same table in store/login-actors.ts; a test compares both. The owner and administrators stand above it.
CREATE OR REPLACE FUNCTION guard_actor() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (VALUES
      ('cs_api', '^(device|api)$', NULL),
      ('cs_api', '^(token-service|operator|pin-guard):.', NULL),
      ('cs_worker', '^(workflow|enrollment-worker)$', NULL),
      -- It verified the proof of the device.
      ('cs_worker', '^device$', 'enrollment.acknowledge'),
      ('cs_worker', '^operator:.', 'timeline.export'),
      ('cs_issuer', '^issuance$', NULL),
      ('cs_sweeper', '^sweeper$', NULL),
      ('cs_retention', '^retention$', 'enrollments.remove'),
      ('cs_operator', '^operator:.', 'key.block')
    ) AS kind (login, form, action)
    WHERE login = session_user AND NEW.actor ~ form AND NEW.action = COALESCE(action, NEW.action)
  )
  -- For whom the worker signs a timeline says the request, which another login wrote.
  AND (NEW.action <> 'timeline.export'
    OR EXISTS (SELECT FROM timeline_request r WHERE r.enrollment_id = NEW.enrollment_id AND r.actor = NEW.actor))
  -- Triggers with the owner's rights: they say the login itself, or what they are.
  OR NEW.actor = 'database:' || session_user
  OR (NEW.actor = 'revocation' AND NEW.action = 'key.block' AND is_owner_of(TG_RELID))
  OR pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the login % writes no audit row % as %: see the table of actors in docs/database-roles.md', session_user, NEW.action, NEW.actor
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE TRIGGER audit_guard_actor BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION guard_actor();

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

-- Closed sets of what is parsed strictly: one row outside of them would be unreadable, and so would each list that holds it. NOT VALID: rows
-- that are older are not judged.
ALTER TABLE enrollment
  ADD CONSTRAINT enrollment_code_of_state CHECK (code IS NULL OR (state, code) IN (
    ('expired', 'deadline_pin'), ('expired', 'deadline_csr'), ('expired', 'deadline_issuing'), ('expired', 'deadline_ack'),
    ('cancelled', 'superseded'), ('cancelled', 'cancelled'), ('cancelled', 'pin_reset'),
    ('failed', 'pin_attempts_exceeded'), ('failed', 'csr_attempts_exceeded'), ('failed', 'issuing_refused'), ('failed', 'issuer_unavailable'),
    ('locked', 'pin_locked'))) NOT VALID,
  ADD CONSTRAINT enrollment_platform_check CHECK (platform IN ('android', 'ios', 'other')) NOT VALID,
  ADD CONSTRAINT enrollment_pin_policy_check CHECK (pin_policy IN ('skip-if-present', 'verify')) NOT VALID;
