-- CreateTable
CREATE TABLE "blocked_key" (
    "spki_sha256" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "blocked_by" TEXT NOT NULL,
    "blocked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "blocked_key_pkey" PRIMARY KEY ("spki_sha256")
);

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

ALTER TABLE blocked_key
  ADD CONSTRAINT blocked_key_sha256_check CHECK (spki_sha256 ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT blocked_key_reason_check CHECK (reason <> '' AND blocked_by <> '');
-- Is this key one that the service made? Asked at every acceptance.
CREATE INDEX credential_intent_spki_sha256 ON credential_intent (sha256(spki));

-- 1. Functions with the owner's rights (ADR 27) --------------------------------------------------------------------------
-- pg_temp last: otherwise a caller's temporary table would stand before ours. Who may execute them: store/grants.ts.

-- A revocation makes a new CRL of its issuer due, in its own transaction, whoever inserted it.
CREATE OR REPLACE FUNCTION crl_due() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE issuer SET crl_due_at = COALESCE(crl_due_at, clock_timestamp()) WHERE id = NEW.issuer_id;
  RETURN NEW;
END $$;

-- Every end but the acknowledgement, for API, worker and sweeper alike: terminal state, sealed key erased, open intents burnt (with a
-- signing mark: serial revoked), certificates revoked, CRL due, audit.
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
  INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    VALUES (p_actor, 'enrollment.end', p_id, held.user_id, p_state, jsonb_build_object('code', p_code, 'from', held.state));
  RETURN QUERY SELECT true, p_state, p_code;
END $$;

-- The key id in the header of a compact JWS (RFC 7515 section 7.1); of anything else 'unnamed'.
CREATE FUNCTION jws_kid(jws text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  header text := translate(split_part(jws, '.', 1), '-_', '+/');
BEGIN
  RETURN COALESCE(convert_from(decode(rpad(header, (length(header) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> 'kid', 'unnamed');
EXCEPTION WHEN OTHERS THEN
  RETURN 'unnamed';
END $$;

-- The end by acknowledgement: sealed key erased, receipt stored, certificates active, the device's older ones revoked as superseded, CRL
-- due, audit. Its own signature, because only the enrollment worker, which verified the device's proof, may call it.
-- The caller signed p_receipt under the lock of the enrollment row; p_moment is the time of erasure that it states.
CREATE FUNCTION end_enrollment(p_id uuid, p_receipt text, p_moment timestamptz)
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
  INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    VALUES ('device', 'enrollment.acknowledge', p_id, held.user_id, 'completed', jsonb_build_object('superseded', to_jsonb(older),
      'deliveries', (SELECT deliveries FROM delivery WHERE enrollment_id = p_id), 'key', 'evidence/' || jws_kid(p_receipt)));
  RETURN QUERY SELECT true, 'completed'::text, NULL::text;
END $$;

-- 2. What a process may not do with the columns that it needs (ADR 27) ----------------------------------------------------
-- Grants say who may write which column; these say how. They bind the processes: the owner's functions and the owner stand above them.

CREATE FUNCTION is_owner_of(relation oid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class WHERE oid = relation
$$;

CREATE FUNCTION guard_new_enrollment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER enrollment_guard_insert BEFORE INSERT ON enrollment FOR EACH ROW EXECUTE FUNCTION guard_new_enrollment();

-- Each transition belongs to one process; every end is end_enrollment's, which runs as the owner.
CREATE FUNCTION guard_enrollment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF is_owner_of(TG_RELID) THEN RETURN NEW; END IF;
  IF NEW.state <> OLD.state AND (current_user, OLD.state, NEW.state) NOT IN (
      ('cs_api', 'awaiting-pin', 'awaiting-csr'), ('cs_worker', 'awaiting-csr', 'issuing'), ('cs_issuer', 'issuing', 'awaiting-ack')) THEN
    RAISE EXCEPTION '% does not take an enrollment from % to %', current_user, OLD.state, NEW.state USING ERRCODE = 'insufficient_privilege';
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
CREATE TRIGGER enrollment_guard_update BEFORE UPDATE ON enrollment FOR EACH ROW EXECUTE FUNCTION guard_enrollment();

-- An outcome is written once.
CREATE FUNCTION guard_outcome() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT is_owner_of(TG_RELID) AND OLD.decided_at IS NOT NULL THEN
    RAISE EXCEPTION 'an outcome is written once' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER pin_attempt_guard BEFORE UPDATE ON pin_attempt FOR EACH ROW EXECUTE FUNCTION guard_outcome();
CREATE TRIGGER csr_submission_guard BEFORE UPDATE ON csr_submission FOR EACH ROW EXECUTE FUNCTION guard_outcome();

-- What the destruction receipt will state of the deliveries.
CREATE FUNCTION guard_delivery() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT is_owner_of(TG_RELID) AND (NEW.deliveries < OLD.deliveries
      OR (OLD.first_delivered_at IS NOT NULL AND NEW.first_delivered_at IS DISTINCT FROM OLD.first_delivered_at)) THEN
    RAISE EXCEPTION 'what was delivered stays counted' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER delivery_guard BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION guard_delivery();

-- The mark of a signature is set once, and an intent that was issued or burnt stays so.
CREATE FUNCTION guard_intent() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT is_owner_of(TG_RELID) AND ((OLD.status <> 'open' AND NEW.status <> OLD.status)
      OR (OLD.signing_started_at IS NOT NULL AND NEW.signing_started_at IS DISTINCT FROM OLD.signing_started_at)) THEN
    RAISE EXCEPTION 'what was marked for signing stays marked' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER credential_intent_guard BEFORE UPDATE ON credential_intent FOR EACH ROW EXECUTE FUNCTION guard_intent();

-- 3. Blocked keys (ADR 28) ---------------------------------------------------------------------------------------------

-- A key that was compromised under one certificate is never certified again: in the transaction of the revocation.
CREATE FUNCTION block_compromised_key() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO blocked_key (spki_sha256, reason, blocked_by)
    SELECT encode(sha256(spki), 'hex'), 'keyCompromise of certificate ' || serial, 'revocation' FROM credential_intent
    WHERE issuer_id = NEW.issuer_id AND serial = NEW.serial
    ON CONFLICT DO NOTHING;
  RETURN NEW;
END $$;
CREATE TRIGGER revocation_blocks_key AFTER INSERT OR UPDATE OF reason ON revocation FOR EACH ROW
  WHEN (NEW.reason = 'keyCompromise') EXECUTE FUNCTION block_compromised_key();

-- Whoever blocks a key, and by whatever way: an audit row. A row that the owner takes away leaves one too.
CREATE FUNCTION audit_blocked_key() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit (actor, action, outcome, detail)
      VALUES (NEW.blocked_by, 'key.block', 'blocked', jsonb_build_object('spkiSha256', NEW.spki_sha256, 'reason', NEW.reason));
    RETURN NEW;
  END IF;
  INSERT INTO audit (actor, action, outcome, detail)
    VALUES ('database:' || session_user, 'key.unblock', 'unblocked', jsonb_build_object('spkiSha256', OLD.spki_sha256, 'reason', OLD.reason));
  RETURN OLD;
END $$;
CREATE TRIGGER blocked_key_audit AFTER INSERT OR DELETE ON blocked_key FOR EACH ROW EXECUTE FUNCTION audit_blocked_key();
CREATE FUNCTION keep_blocked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a blocked key is not rewritten';
END $$;
CREATE TRIGGER blocked_key_keep BEFORE UPDATE ON blocked_key FOR EACH ROW EXECUTE FUNCTION keep_blocked();
