-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "enrollment" (
    "id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "device_id" TEXT NOT NULL,
    "token_id" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "pin_policy" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "body_sha256" TEXT NOT NULL,
    "token_kid" TEXT NOT NULL,
    "token_salt" BYTEA NOT NULL,
    "state" TEXT NOT NULL,
    "code" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stage_deadline" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "pin_seconds" INTEGER NOT NULL,
    "csr_seconds" INTEGER NOT NULL,
    "ack_seconds" INTEGER NOT NULL,
    "pin_waived" BOOLEAN NOT NULL DEFAULT false,
    "pin_satisfied_at" TIMESTAMPTZ(3),
    "pin_attempts" INTEGER NOT NULL DEFAULT 0,
    "csr_submissions" INTEGER NOT NULL DEFAULT 0,
    "csr_refusals" INTEGER NOT NULL DEFAULT 0,
    "ack_refusals" INTEGER NOT NULL DEFAULT 0,
    "csr_digest" TEXT,
    "started_at" TIMESTAMPTZ(3),

    CONSTRAINT "enrollment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_pin" (
    "user_id" TEXT NOT NULL,
    "pin_version" UUID NOT NULL,
    "phc" TEXT NOT NULL,
    "params_version" INTEGER NOT NULL,
    "memory_kib" INTEGER NOT NULL,
    "passes" INTEGER NOT NULL,
    "lanes" INTEGER NOT NULL,
    "salt_kid" TEXT NOT NULL,
    "pepper_kid" TEXT NOT NULL,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_pin_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "device" (
    "client_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "device_id" TEXT NOT NULL,
    "token_id" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "pin_proven_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "device_pkey" PRIMARY KEY ("client_id","user_id","device_id")
);

-- CreateTable
CREATE TABLE "pin_attempt" (
    "enrollment_id" UUID NOT NULL,
    "attempt_id" UUID NOT NULL,
    "mode" TEXT NOT NULL,
    "outcome" TEXT NOT NULL DEFAULT 'pending',
    "attempts_left" INTEGER,
    "retry_at" TIMESTAMPTZ(3),
    "charged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "pin_attempt_pkey" PRIMARY KEY ("enrollment_id","attempt_id")
);

-- CreateTable
CREATE TABLE "csr_submission" (
    "enrollment_id" UUID NOT NULL,
    "digest" TEXT NOT NULL,
    "csr_text" TEXT NOT NULL,
    "delivery_key" JSONB NOT NULL,
    "delivery_format" TEXT NOT NULL,
    "sdk_key" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "outcome" TEXT,
    "detail" TEXT,
    "offset" INTEGER,
    "attempts_left" INTEGER,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "csr_submission_pkey" PRIMARY KEY ("enrollment_id","digest")
);

-- CreateTable
CREATE TABLE "key_claim" (
    "spki_sha256" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "device_id" TEXT NOT NULL,
    "enrollment_id" UUID NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "key_claim_pkey" PRIMARY KEY ("spki_sha256")
);

-- CreateTable
CREATE TABLE "credential_intent" (
    "enrollment_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "serial" TEXT NOT NULL,
    "issuer_id" TEXT NOT NULL,
    "profile" TEXT NOT NULL,
    "key_type" TEXT NOT NULL,
    "spki" BYTEA NOT NULL,
    "tbs" BYTEA NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "lint" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'open',
    "signing_started_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credential_intent_pkey" PRIMARY KEY ("enrollment_id","kind")
);

-- CreateTable
CREATE TABLE "certificate" (
    "serial" TEXT NOT NULL,
    "enrollment_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "issuer_id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "device_id" TEXT NOT NULL,
    "token_id" TEXT NOT NULL,
    "key_type" TEXT NOT NULL,
    "der" BYTEA NOT NULL,
    "sha256" TEXT NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "issued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "activated_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "certificate_pkey" PRIMARY KEY ("serial")
);

-- CreateTable
CREATE TABLE "delivery" (
    "enrollment_id" UUID NOT NULL,
    "format" TEXT NOT NULL,
    "delivery_kid" TEXT NOT NULL,
    "spki_sha256" TEXT NOT NULL,
    "sealed" TEXT,
    "sealed_sha256" TEXT NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,
    "plain_gone_by" TIMESTAMPTZ(3) NOT NULL,
    "deliveries" INTEGER NOT NULL DEFAULT 0,
    "first_delivered_at" TIMESTAMPTZ(3),
    "erased_at" TIMESTAMPTZ(3),
    "receipt" TEXT,

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("enrollment_id")
);

-- CreateTable
CREATE TABLE "issuer" (
    "id" TEXT NOT NULL,
    "certificate" BYTEA NOT NULL,
    "crl" BYTEA,
    "crl_number" BIGINT NOT NULL DEFAULT 0,
    "this_update" TIMESTAMPTZ(3),
    "next_update" TIMESTAMPTZ(3),
    "crl_due_at" TIMESTAMPTZ(3),

    CONSTRAINT "issuer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "revocation" (
    "issuer_id" TEXT NOT NULL,
    "serial" TEXT NOT NULL,
    "enrollment_id" UUID NOT NULL,
    "revoked_at" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "revocation_pkey" PRIMARY KEY ("issuer_id","serial")
);

-- CreateTable
CREATE TABLE "evidence_key" (
    "kid" TEXT NOT NULL,
    "jwk" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "evidence_key_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "enrollment_id" UUID,
    "user_id" TEXT,
    "outcome" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "enrollment_user_id_idx" ON "enrollment"("user_id");

-- CreateIndex
CREATE INDEX "enrollment_device_id_idx" ON "enrollment"("device_id");

-- CreateIndex
CREATE INDEX "enrollment_state_stage_deadline_idx" ON "enrollment"("state", "stage_deadline");

-- CreateIndex
CREATE UNIQUE INDEX "enrollment_client_id_idempotency_key_key" ON "enrollment"("client_id", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "credential_intent_serial_key" ON "credential_intent"("serial");

-- CreateIndex
CREATE UNIQUE INDEX "certificate_sha256_key" ON "certificate"("sha256");

-- CreateIndex
CREATE INDEX "certificate_client_id_user_id_device_id_idx" ON "certificate"("client_id", "user_id", "device_id");

-- CreateIndex
CREATE UNIQUE INDEX "certificate_enrollment_id_kind_key" ON "certificate"("enrollment_id", "kind");

-- CreateIndex
CREATE INDEX "audit_enrollment_id_idx" ON "audit"("enrollment_id");

-- AddForeignKey
ALTER TABLE "pin_attempt" ADD CONSTRAINT "pin_attempt_enrollment_id_fkey" FOREIGN KEY ("enrollment_id") REFERENCES "enrollment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "csr_submission" ADD CONSTRAINT "csr_submission_enrollment_id_fkey" FOREIGN KEY ("enrollment_id") REFERENCES "enrollment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "credential_intent" ADD CONSTRAINT "credential_intent_enrollment_id_fkey" FOREIGN KEY ("enrollment_id") REFERENCES "enrollment"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "certificate" ADD CONSTRAINT "certificate_enrollment_id_fkey" FOREIGN KEY ("enrollment_id") REFERENCES "enrollment"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "delivery" ADD CONSTRAINT "delivery_enrollment_id_fkey" FOREIGN KEY ("enrollment_id") REFERENCES "enrollment"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

-- Closed sets, so that a typing slip in any process is an error and not a row.
ALTER TABLE enrollment
  ADD CONSTRAINT enrollment_state_check CHECK (state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack','completed','expired','cancelled','failed','locked')),
  ADD CONSTRAINT enrollment_end_check CHECK ((ended_at IS NOT NULL) = (state IN ('completed','expired','cancelled','failed','locked'))),
  ADD CONSTRAINT enrollment_code_check CHECK ((code IS NOT NULL) = (state IN ('expired','cancelled','failed','locked'))),
  ADD CONSTRAINT enrollment_pin_check CHECK (state IN ('awaiting-pin','expired','cancelled','failed','locked') OR pin_waived OR pin_satisfied_at IS NOT NULL),
  ADD CONSTRAINT enrollment_csr_check CHECK (state NOT IN ('issuing','awaiting-ack','completed') OR csr_digest IS NOT NULL),
  ADD CONSTRAINT enrollment_attempts_check CHECK (pin_attempts >= 0 AND csr_refusals >= 0 AND ack_refusals >= 0);
ALTER TABLE credential_intent
  ADD CONSTRAINT credential_intent_kind_check CHECK (kind IN ('user','sdk')),
  ADD CONSTRAINT credential_intent_status_check CHECK (status IN ('open','issued','burnt')),
  ADD CONSTRAINT credential_intent_serial_check CHECK (serial ~ '^[4-7][0-9a-f]{31}$'),
  ADD CONSTRAINT credential_intent_issued_check CHECK (status <> 'issued' OR signing_started_at IS NOT NULL);
-- A certificate exists only for the intent of its enrollment, kind and serial: a second one has no place to stand.
CREATE UNIQUE INDEX credential_intent_identity ON credential_intent (enrollment_id, kind, serial);
ALTER TABLE certificate
  ADD CONSTRAINT certificate_kind_check CHECK (kind IN ('user','sdk')),
  ADD CONSTRAINT certificate_status_check CHECK (status IN ('pending','active','revoked')),
  ADD CONSTRAINT certificate_intent_fkey FOREIGN KEY (enrollment_id, kind, serial) REFERENCES credential_intent (enrollment_id, kind, serial);
ALTER TABLE delivery
  ADD CONSTRAINT delivery_erased_check CHECK ((sealed IS NULL) = (erased_at IS NOT NULL));
ALTER TABLE issuer
  ADD CONSTRAINT issuer_id_check CHECK (id IN ('root','issuing-rsa','issuing-ec'));
ALTER TABLE revocation
  ADD CONSTRAINT revocation_reason_check CHECK (reason IN ('unspecified','keyCompromise','cACompromise','affiliationChanged','superseded','cessationOfOperation','privilegeWithdrawn','aACompromise'));
ALTER TABLE user_pin
  ADD CONSTRAINT user_pin_failed_check CHECK (failed >= 0);

-- One open enrollment a device.
CREATE UNIQUE INDEX enrollment_one_open ON enrollment (client_id, user_id, device_id)
  WHERE state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack');
-- What the sweeper looks for.
CREATE INDEX enrollment_open_deadline ON enrollment (stage_deadline)
  WHERE state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack');

-- A terminal row never changes its outcome.
CREATE FUNCTION keep_terminal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL AND (NEW.state, NEW.code, NEW.ended_at) IS DISTINCT FROM (OLD.state, OLD.code, OLD.ended_at) THEN
    RAISE EXCEPTION 'enrollment % ended as %; a terminal row never changes', OLD.id, OLD.state;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER enrollment_keep_terminal BEFORE UPDATE ON enrollment FOR EACH ROW EXECUTE FUNCTION keep_terminal();

-- What was committed before signing, and what was signed, is never altered.
CREATE FUNCTION keep_signed_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'credential_intent' THEN
    IF (NEW.tbs, NEW.serial, NEW.issuer_id, NEW.spki) IS DISTINCT FROM (OLD.tbs, OLD.serial, OLD.issuer_id, OLD.spki) THEN
      RAISE EXCEPTION 'an intent is never altered';
    END IF;
  ELSIF (NEW.der, NEW.serial, NEW.issuer_id) IS DISTINCT FROM (OLD.der, OLD.serial, OLD.issuer_id) THEN
    RAISE EXCEPTION 'a certificate is never altered';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER credential_intent_keep BEFORE UPDATE ON credential_intent FOR EACH ROW EXECUTE FUNCTION keep_signed_bytes();
CREATE TRIGGER certificate_keep BEFORE UPDATE ON certificate FOR EACH ROW EXECUTE FUNCTION keep_signed_bytes();

-- Audit rows are only appended.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% rows are only appended', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A revocation makes a new CRL of its issuer due, in its own transaction.
CREATE FUNCTION crl_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE issuer SET crl_due_at = COALESCE(crl_due_at, clock_timestamp()) WHERE id = NEW.issuer_id;
  RETURN NEW;
END $$;
CREATE TRIGGER revocation_crl_due AFTER INSERT ON revocation FOR EACH ROW EXECUTE FUNCTION crl_due();

-- The only way in which an enrollment ends other than by its acknowledgement, for API, worker and sweeper alike:
-- terminal state, sealed key erased, open intents burnt (with a signing mark: serial revoked), certificates revoked, CRL due, audit.
-- With p_expected the end happens only from one of those states. Returns the state that stands afterwards; no row: no such enrollment.
CREATE FUNCTION end_enrollment(p_id uuid, p_state text, p_code text, p_actor text, p_expected text[] DEFAULT NULL)
RETURNS TABLE (ended boolean, state text, code text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  held enrollment%ROWTYPE;
  moment timestamptz;
BEGIN
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
