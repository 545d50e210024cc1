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
