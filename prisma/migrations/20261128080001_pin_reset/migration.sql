-- AlterTable
ALTER TABLE "enrollment" ADD COLUMN     "pin_resets" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "pin_reset" (
    "user_id" TEXT NOT NULL,
    "resets" INTEGER NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "pin_reset_pkey" PRIMARY KEY ("user_id")
);

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

ALTER TABLE pin_reset ADD CONSTRAINT pin_reset_resets_check CHECK (resets > 0);
ALTER TABLE enrollment ADD CONSTRAINT enrollment_pin_resets_check CHECK (pin_resets >= 0);

-- Functions and triggers: copies of prisma/functions, changed there ------------------------------------------------------
SET LOCAL check_function_bodies = off;

-- A PIN that goes is a reset, whoever takes it away and by whatever way: what was open before gets no further.
CREATE OR REPLACE FUNCTION count_pin_reset() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM lock_user(OLD.user_id, true);
  PERFORM raise_pin_resets(OLD.user_id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER user_pin_count_reset AFTER DELETE ON user_pin FOR EACH ROW EXECUTE FUNCTION count_pin_reset();

-- Ends the open enrollments of a user that a PIN reset concerns, at most p_most, in the order of their ids; returns which. The actor is who reset.
CREATE OR REPLACE FUNCTION end_before_pin_reset(p_user_id text, p_actor text, p_most integer) RETURNS SETOF uuid LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  ids uuid[];
  one uuid;
BEGIN
  PERFORM lock_user(p_user_id, true);
  ids := ARRAY(SELECT e.id FROM enrollment e WHERE e.user_id = p_user_id AND e.state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack')
    AND is_before_pin_reset(e) ORDER BY e.id LIMIT p_most FOR UPDATE);
  -- The issuers of all of them at once and in one order, so that two ends never wait for each other.
  PERFORM 1 FROM issuer WHERE id IN (SELECT issuer_id FROM credential_intent WHERE enrollment_id = ANY (ids)) ORDER BY id FOR UPDATE;
  FOREACH one IN ARRAY ids LOOP
    PERFORM end_enrollment(one, 'cancelled', 'pin_reset', p_actor);
    RETURN NEXT one;
  END LOOP;
END $$;

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

-- A new enrollment takes along how often the PIN of its user was reset, under the lock that a reset has alone: no create is between the two.
-- With the owner's rights: no process chooses the number.
CREATE OR REPLACE FUNCTION freeze_pin_resets() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM lock_user(NEW.user_id, false);
  NEW.pin_resets := pin_resets_of(NEW.user_id);
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER enrollment_freeze_pin_resets BEFORE INSERT ON enrollment FOR EACH ROW EXECUTE FUNCTION freeze_pin_resets();

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

-- A PIN is set up only while an enrollment of its user waits for it that was created after the last reset.
CREATE OR REPLACE FUNCTION guard_new_pin() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF is_owner_of(TG_RELID) THEN RETURN NEW; END IF;
  IF NOT EXISTS (SELECT FROM enrollment e WHERE e.user_id = NEW.user_id AND e.state = 'awaiting-pin' AND NOT is_before_pin_reset(e)) THEN
    RAISE EXCEPTION 'no enrollment that was created after the last reset waits for a PIN of this user' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER user_pin_guard_insert BEFORE INSERT ON user_pin FOR EACH ROW EXECUTE FUNCTION guard_new_pin();

-- Whether the PIN of its user was reset after an enrollment was created: then it goes nowhere but to its end (ADR 51). The one place that says
-- which enrollments a reset concerns. Numbers are compared, not times.
CREATE OR REPLACE FUNCTION is_before_pin_reset(e enrollment) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.pin_resets <> pin_resets_of(e.user_id)
$$;

-- How often the PIN of a user was reset. Read by the statement that asks, so that after lock_user it is the present number.
CREATE OR REPLACE FUNCTION pin_resets_of(p_user_id text) RETURNS integer LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT COALESCE((SELECT resets FROM pin_reset WHERE user_id = p_user_id), 0)
$$;

-- One reset more. The caller holds the lock of the user alone.
CREATE OR REPLACE FUNCTION raise_pin_resets(p_user_id text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO pin_reset (user_id, resets) VALUES (p_user_id, 1)
    ON CONFLICT (user_id) DO UPDATE SET resets = pin_reset.resets + 1, last_at = clock_timestamp()
$$;

-- Removes the PIN of a user, raises the number of resets and ends at most p_most of the open enrollments; returns which (ADR 51). If there are
-- more, end_before_pin_reset ends them: since all were locked here, none of them gets any further from this commit on. The audit row comes
-- before the ends that it explains, and says how many there are. Every time counts, also without a PIN. Locks: user, enrollments by id, PIN.
CREATE OR REPLACE FUNCTION reset_pin(p_user_id text, p_actor text, p_most integer) RETURNS SETOF uuid LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  concerned integer;
  removed boolean;
BEGIN
  PERFORM lock_user(p_user_id, true);
  concerned := cardinality(ARRAY(SELECT id FROM enrollment WHERE user_id = p_user_id
    AND state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack') ORDER BY id FOR UPDATE));
  DELETE FROM user_pin WHERE user_id = p_user_id;
  removed := FOUND;
  -- Of a PIN that goes the trigger has counted it.
  IF NOT removed THEN PERFORM raise_pin_resets(p_user_id); END IF;
  INSERT INTO audit (actor, action, user_id, outcome, detail)
    VALUES (p_actor, 'pin.reset', p_user_id, CASE WHEN removed THEN 'removed' ELSE 'absent' END,
      jsonb_build_object('ended', concerned, 'resets', pin_resets_of(p_user_id)));
  RETURN QUERY SELECT end_before_pin_reset(p_user_id, p_actor, p_most);
END $$;
