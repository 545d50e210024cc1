-- AlterTable
ALTER TABLE "enrollment" ADD COLUMN     "certified_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "csr_submission" ADD COLUMN     "unreadable" TEXT;

-- CreateTable
CREATE TABLE "retired_sdk_key" (
    "spki_sha256" BYTEA NOT NULL,

    CONSTRAINT "retired_sdk_key_pkey" PRIMARY KEY ("spki_sha256")
);

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

-- What the API called unreadable has no text, and is never accepted.
ALTER TABLE csr_submission ADD CONSTRAINT csr_submission_unreadable_check
  CHECK (unreadable IS NULL OR (csr_text = '' AND outcome IS DISTINCT FROM 'accepted')) NOT VALID;
-- What the retention loop looks for: ended rows that it has not met yet, and those that wait for the end of their certificate.
CREATE INDEX enrollment_ended ON enrollment (ended_at) WHERE ended_at IS NOT NULL AND certified_until IS NULL;
CREATE INDEX enrollment_certified_until ON enrollment (certified_until) WHERE certified_until IS NOT NULL;
-- Texts of enrollments that ended before this version; from now on end_enrollment does it.
UPDATE csr_submission s SET csr_text = '', delivery_key = '{}' FROM enrollment e
  WHERE e.id = s.enrollment_id AND e.ended_at IS NOT NULL AND s.digest IS DISTINCT FROM e.csr_digest AND s.csr_text <> '';

-- Functions and triggers: copies of prisma/functions, changed there ------------------------------------------------------
SET LOCAL check_function_bodies = off;

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

-- Every end but the acknowledgement, for API, worker and sweeper alike: terminal state, sealed key erased, open intents burnt (with a
-- signing mark: serial revoked), certificates revoked, CRL due, texts of CSRs gone but the accepted one's, audit.
-- With p_expected the end happens only from one of those states. Returns the state that stands afterwards; no row: no such enrollment.
CREATE OR REPLACE FUNCTION end_enrollment(p_id uuid, p_state text, p_code text, p_actor text, p_expected text[] DEFAULT NULL)
RETURNS TABLE (ended boolean, state text, code text) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  held enrollment%ROWTYPE;
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
    VALUES (p_actor, 'enrollment.end', p_id, held.user_id, p_state, jsonb_build_object('code', p_code, 'from', held.state));
  RETURN QUERY SELECT true, p_state, p_code;
END $$;

-- Removes what its time has passed for (ADR 53), a small batch in one transaction: enrollments without a certificate p_ended_days after their
-- end, all others p_certified_days after notAfter of their latest one, with everything that hangs on them. Age is judged here, by this clock,
-- and never below what somebody may still need, whatever the caller is configured to: the token reads for a day after the end, and a
-- recovery may begin 30 days after notAfter and last 31. Rows that somebody holds are passed over. What stays for ever: claims of keys,
-- blocked keys, digests of SDK keys, audit. May be repeated, by several processes at once; looked_at = 0: there is nothing more to do now.
CREATE OR REPLACE FUNCTION remove_expired(p_ended_days integer, p_certified_days integer, p_most integer)
RETURNS TABLE (looked_at integer, enrollments integer, certificates integer, intents integer, deliveries integer, revocations integer,
  submissions integer, pin_attempts integer, devices integer) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  ended_before CONSTANT timestamptz := clock_timestamp() - make_interval(days => p_ended_days);
  certified_before CONSTANT timestamptz := clock_timestamp() - make_interval(days => p_certified_days);
  ended uuid[];
  due uuid[];
BEGIN
  IF p_ended_days IS NULL OR p_ended_days < 7 OR p_certified_days IS NULL OR p_certified_days < 62 THEN
    RAISE EXCEPTION 'nothing is removed within 7 days of its end or within 62 days of notAfter' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF p_most IS NULL OR p_most NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION 'a batch is 1 to 1000 enrollments' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  SELECT COALESCE(array_agg(id), '{}') INTO ended FROM (SELECT id FROM enrollment WHERE ended_at < ended_before AND certified_until IS NULL
    ORDER BY ended_at LIMIT p_most FOR UPDATE SKIP LOCKED) found;
  -- A signature may exist from the signing mark on, whether or not a certificate was stored: then the CRL lists the serial.
  UPDATE enrollment e SET certified_until = signed.until FROM (SELECT i.enrollment_id, max(i.not_after) AS until FROM credential_intent i
    WHERE i.enrollment_id = ANY (ended) AND i.signing_started_at IS NOT NULL GROUP BY i.enrollment_id) signed WHERE e.id = signed.enrollment_id;
  SELECT COALESCE(array_agg(id), '{}') INTO due FROM enrollment WHERE id = ANY (ended) AND certified_until IS NULL;
  looked_at := cardinality(ended);

  -- A revoked serial stays until a CRL was signed after the end of its certificate (RFC 5280 section 3.3).
  SELECT COALESCE(array_agg(id), '{}') INTO ended FROM (SELECT e.id FROM enrollment e WHERE e.certified_until < certified_before
    AND NOT EXISTS (SELECT FROM credential_intent i JOIN revocation r ON r.issuer_id = i.issuer_id AND r.serial = i.serial
      LEFT JOIN issuer s ON s.id = r.issuer_id
      WHERE i.enrollment_id = e.id AND (s.this_update IS NULL OR s.this_update <= r.not_after))
    ORDER BY e.certified_until LIMIT p_most FOR UPDATE OF e SKIP LOCKED) found;
  looked_at := looked_at + cardinality(ended);
  due := due || ended;

  INSERT INTO retired_sdk_key (spki_sha256) SELECT sha256(spki) FROM credential_intent WHERE enrollment_id = ANY (due) AND kind = 'sdk'
    ON CONFLICT DO NOTHING;
  DELETE FROM revocation r USING credential_intent i WHERE i.enrollment_id = ANY (due) AND r.issuer_id = i.issuer_id AND r.serial = i.serial;
  GET DIAGNOSTICS revocations = ROW_COUNT;
  DELETE FROM certificate WHERE enrollment_id = ANY (due);
  GET DIAGNOSTICS certificates = ROW_COUNT;
  DELETE FROM credential_intent WHERE enrollment_id = ANY (due);
  GET DIAGNOSTICS intents = ROW_COUNT;
  DELETE FROM delivery WHERE enrollment_id = ANY (due);
  GET DIAGNOSTICS deliveries = ROW_COUNT;
  DELETE FROM csr_submission WHERE enrollment_id = ANY (due);
  GET DIAGNOSTICS submissions = ROW_COUNT;
  DELETE FROM pin_attempt WHERE enrollment_id = ANY (due);
  GET DIAGNOSTICS pin_attempts = ROW_COUNT;
  DELETE FROM device d WHERE (d.client_id, d.user_id, d.device_id) IN (SELECT client_id, user_id, device_id FROM enrollment WHERE id = ANY (due))
    AND NOT EXISTS (SELECT FROM enrollment e WHERE e.client_id = d.client_id AND e.user_id = d.user_id AND e.device_id = d.device_id
      AND e.id <> ALL (due));
  GET DIAGNOSTICS devices = ROW_COUNT;
  DELETE FROM enrollment WHERE id = ANY (due);
  GET DIAGNOSTICS enrollments = ROW_COUNT;
  IF enrollments > 0 THEN
    INSERT INTO audit (actor, action, outcome, detail) VALUES ('retention', 'enrollments.remove', 'removed',
      jsonb_build_object('enrollments', to_jsonb(due), 'endedDays', p_ended_days, 'certifiedDays', p_certified_days));
  END IF;
  RETURN NEXT;
END $$;
