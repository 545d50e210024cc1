-- The end by acknowledgement: sealed key erased, receipt stored, certificates active, the device's older ones revoked as superseded, CRL
-- due, texts of refused CSRs gone, audit. Its own signature, because only the enrollment worker, which verified the device's proof, may call it.
-- The caller signed p_receipt under the lock of the enrollment row; p_moment is the time of erasure that it states.
CREATE OR REPLACE FUNCTION end_enrollment(p_id uuid, p_receipt text, p_moment timestamptz)
RETURNS TABLE (ended boolean, state text, code text) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  held enrollment%ROWTYPE;
  older text[];
BEGIN
  SELECT * INTO held FROM enrollment WHERE id = p_id FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF held.state <> 'awaiting-ack' THEN
    RETURN QUERY SELECT false, held.state, held.code;
    RETURN;
  END IF;
  IF is_before_pin_reset(held) THEN
    RAISE EXCEPTION 'enrollment % was created before the PIN of its user was reset: it ends', p_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- A second for the rounding of both times.
  IF p_moment IS NULL OR p_moment < held.state_since - interval '1 second' OR p_moment > clock_timestamp() + interval '1 second' THEN
    RAISE EXCEPTION 'the time of erasure is not of this acknowledgement' USING ERRCODE = 'check_violation';
  END IF;
  UPDATE delivery SET sealed = NULL, erased_at = p_moment, receipt = p_receipt
    WHERE enrollment_id = p_id AND sealed IS NOT NULL AND first_delivered_at IS NOT NULL AND p_receipt <> '';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'enrollment % was not delivered, or there is no receipt', p_id USING ERRCODE = 'check_violation';
  END IF;
  SELECT COALESCE(array_agg(serial ORDER BY issuer_id, serial), '{}') INTO older FROM certificate
    WHERE client_id = held.client_id AND user_id = held.user_id AND device_id = held.device_id AND status = 'active' AND enrollment_id <> p_id;
  -- Issuer rows in one order, so that two ends never wait for each other.
  PERFORM 1 FROM issuer WHERE id IN (SELECT issuer_id FROM certificate WHERE serial = ANY (older)) ORDER BY id FOR UPDATE;
  INSERT INTO revocation (issuer_id, serial, enrollment_id, revoked_at, reason, not_after)
    SELECT issuer_id, serial, enrollment_id, p_moment, 'superseded', not_after FROM certificate WHERE serial = ANY (older)
    ON CONFLICT DO NOTHING;
  UPDATE certificate SET status = 'revoked', revoked_at = p_moment WHERE serial = ANY (older);
  UPDATE certificate SET status = 'active', activated_at = p_moment WHERE enrollment_id = p_id AND status = 'pending';
  UPDATE enrollment SET state = 'completed', state_since = p_moment, ended_at = p_moment WHERE id = p_id;
  -- Texts of refused submissions, and of those that were never judged; digest and outcome stay (ADR 52).
  UPDATE csr_submission SET csr_text = '', delivery_key = '{}' WHERE enrollment_id = p_id AND digest IS DISTINCT FROM held.csr_digest;
  INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    VALUES ('device', 'enrollment.acknowledge', p_id, held.user_id, 'completed', jsonb_build_object('superseded', to_jsonb(older),
      'deliveries', (SELECT deliveries FROM delivery WHERE enrollment_id = p_id), 'key', 'evidence/' || jws_kid(p_receipt)));
  RETURN QUERY SELECT true, 'completed'::text, NULL::text;
END $$;
