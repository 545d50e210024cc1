-- Functions and triggers: copies of prisma/functions, changed there ------------------------------------------------------
SET LOCAL check_function_bodies = off;

-- Removes what its time has passed for (ADR 53), a small batch in one transaction: enrollments without a certificate p_ended_days after their
-- end, all others p_certified_days after notAfter of their latest one, with everything that hangs on them. Age is judged here, by this clock,
-- and never below what somebody may still need, whatever the caller is configured to: the token reads for a day after the end, and a
-- recovery may begin 30 days after notAfter and last 31. Rows that somebody holds are passed over, and devices that
-- somebody is in line for. What stays for ever: claims of keys, blocked keys, digests of SDK keys, audit. May be repeated, by several processes at once; looked_at = 0: there is nothing more to do now.
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
  GET DIAGNOSTICS looked_at = ROW_COUNT;
  SELECT COALESCE(array_agg(id), '{}') INTO due FROM enrollment WHERE id = ANY (ended) AND certified_until IS NULL;

  -- A revoked serial stays until a CRL was signed after the end of its certificate (RFC 5280 section 3.3).
  SELECT COALESCE(array_agg(id), '{}') INTO ended FROM (SELECT e.id FROM enrollment e WHERE e.certified_until < certified_before
    AND NOT EXISTS (SELECT FROM credential_intent i JOIN revocation r ON r.issuer_id = i.issuer_id AND r.serial = i.serial
      LEFT JOIN issuer s ON s.id = r.issuer_id
      WHERE i.enrollment_id = e.id AND (s.this_update IS NULL OR s.this_update <= r.not_after))
    ORDER BY e.certified_until LIMIT p_most FOR UPDATE OF e SKIP LOCKED) found;
  -- A device that somebody is in line for keeps its rows until the next turn. Rows are locked by now, so this must not wait.
  WITH found AS MATERIALIZED (SELECT id, client_id, user_id, device_id FROM enrollment WHERE id = ANY (due || ended))
    SELECT COALESCE(array_agg(id), '{}') INTO due FROM found WHERE try_lock_device(client_id, user_id, device_id);
  looked_at := looked_at + cardinality(due);

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

-- lock_device for who holds rows already, and therefore must not wait: false, at once, when somebody else is in line. Goes with the transaction.
CREATE OR REPLACE FUNCTION try_lock_device(p_client_id text, p_user_id text, p_device_id text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  class CONSTANT integer := 7305211;
BEGIN
  RETURN pg_try_advisory_xact_lock(class, hashtext(concat_ws(E'\n', p_client_id, p_user_id, p_device_id)));
END $$;
