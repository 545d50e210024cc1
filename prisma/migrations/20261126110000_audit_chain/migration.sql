-- CreateTable
CREATE TABLE "audit_link" (
    "seq" BIGINT NOT NULL,
    "audit_id" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_link_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "audit_head" (
    "one" BOOLEAN NOT NULL DEFAULT true,
    "seq" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("one")
);

-- CreateTable
CREATE TABLE "audit_checkpoint" (
    "seq" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kid" TEXT NOT NULL,
    "jws" TEXT NOT NULL,
    "dropped_at" TIMESTAMPTZ(3),

    CONSTRAINT "audit_checkpoint_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "timeline_request" (
    "id" UUID NOT NULL,
    "enrollment_id" UUID NOT NULL,
    "actor" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "jws" TEXT,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "timeline_request_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "audit_link_audit_id_key" ON "audit_link"("audit_id");

-- CreateIndex
CREATE INDEX "timeline_request_requested_at_idx" ON "timeline_request"("requested_at");

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

-- What the timeline of an enrollment also needs: who superseded it, and what was done to its user.
CREATE INDEX audit_supersedes ON audit ((detail->>'supersedes')) WHERE detail ? 'supersedes';
CREATE INDEX audit_user_only ON audit (user_id) WHERE enrollment_id IS NULL AND user_id IS NOT NULL;

-- The canonical form of an audit row (ADR 37), the same in core/evidence/audit-hash.ts: each field as a netstring, NULL as "-,". What is
-- hashed of `detail` is PostgreSQL's own text of the stored jsonb. Built from text alone and inlined by the planner: it runs under the lock.
CREATE FUNCTION audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(octet_length(value)::text || ':' || value || ',', '-,')
$$;
CREATE FUNCTION audit_hash(prev bytea, seq bigint, entry audit) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to('cs-audit-v1,' || audit_field(encode(prev, 'hex')) || audit_field(seq::text) || audit_field(entry.id::text)
    || audit_field(to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    || audit_field(entry.actor) || audit_field(entry.action) || audit_field(entry.enrollment_id::text) || audit_field(entry.user_id)
    || audit_field(entry.outcome) || audit_field(entry.detail::text), 'UTF8'))
$$;

ALTER TABLE audit_head ADD CONSTRAINT audit_head_one_check CHECK (one);
INSERT INTO audit_head (seq, hash) VALUES (0, sha256(convert_to('cs-audit-genesis-v1', 'UTF8')));

-- Puts one committed-to-be row at the end of the chain. Deferred to the commit of its transaction, so that the one lock that every audited
-- transaction takes is always its last, whatever the code did before: no cycle of locks can contain it. SECURITY DEFINER: the processes
-- may insert audit rows and need no right on the chain itself.
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  head audit_head%ROWTYPE;
  made bytea;
BEGIN
  SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
  made := audit_hash(head.hash, head.seq + 1, NEW);
  INSERT INTO audit_link (seq, audit_id, hash) VALUES (head.seq + 1, NEW.id, made);
  UPDATE audit_head SET seq = head.seq + 1, hash = made;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_chain AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_chain();

-- Rows from before the chain, in the order of their ids. The trigger's lock keeps others out until this commits.
DO $$
DECLARE
  entry audit%ROWTYPE;
  head audit_head%ROWTYPE;
BEGIN
  SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
  FOR entry IN SELECT * FROM audit ORDER BY id LOOP
    head.seq := head.seq + 1;
    head.hash := audit_hash(head.hash, head.seq, entry);
    INSERT INTO audit_link (seq, audit_id, hash) VALUES (head.seq, entry.id, head.hash);
  END LOOP;
  UPDATE audit_head SET seq = head.seq, hash = head.hash;
END $$;

-- Up to here the chain was exported and dropped.
CREATE FUNCTION audit_floor() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT COALESCE(max(seq), 0) FROM audit_checkpoint WHERE dropped_at IS NOT NULL
$$;

-- Only appended: no row is changed, and none goes that a dropped segment did not contain. The owner could take these triggers away;
-- then the hashes, the signatures and a head kept elsewhere tell.
CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit' THEN
    IF EXISTS (SELECT 1 FROM audit_link WHERE audit_id = OLD.id AND seq <= audit_floor()) THEN RETURN OLD; END IF;
  ELSIF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_link' THEN
    IF OLD.seq <= audit_floor() THEN RETURN OLD; END IF;
  ELSIF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_head' THEN
    IF NEW.seq = OLD.seq + 1 THEN RETURN NEW; END IF;
  ELSIF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_checkpoint' THEN
    IF (NEW.seq, NEW.hash, NEW.at, NEW.kid, NEW.jws) = (OLD.seq, OLD.hash, OLD.at, OLD.kid, OLD.jws) AND OLD.dropped_at IS NULL THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION '% rows are only appended', TG_TABLE_NAME;
END $$;
DROP TRIGGER audit_append_only ON audit;
CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE TRIGGER audit_link_keep BEFORE UPDATE OR DELETE ON audit_link FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE TRIGGER audit_head_keep BEFORE UPDATE OR DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE TRIGGER audit_checkpoint_keep BEFORE UPDATE OR DELETE ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_link_no_truncate BEFORE TRUNCATE ON audit_link FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoint_no_truncate BEFORE TRUNCATE ON audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Retention: drops exactly the rows that a checkpoint closes. Not SECURITY DEFINER: it works for the owner alone. The row that it writes
-- says who dropped what and which file holds it. Returns how many rows went.
CREATE FUNCTION audit_drop(p_seq bigint, p_actor text, p_file_sha256 text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  first bigint := audit_floor() + 1;
  went bigint;
BEGIN
  UPDATE audit_checkpoint c SET dropped_at = clock_timestamp() WHERE c.seq = p_seq AND c.dropped_at IS NULL
    AND c.hash = (SELECT l.hash FROM audit_link l WHERE l.seq = c.seq);
  IF NOT FOUND THEN RAISE EXCEPTION 'no checkpoint closes the chain at % as it stands', p_seq; END IF;
  DELETE FROM audit a USING audit_link l WHERE l.audit_id = a.id AND l.seq <= p_seq;
  DELETE FROM audit_link WHERE seq <= p_seq;
  GET DIAGNOSTICS went = ROW_COUNT;
  INSERT INTO audit (actor, action, outcome, detail)
    VALUES (p_actor, 'audit.drop', 'dropped', jsonb_build_object('from', first, 'through', p_seq, 'rows', went, 'fileSha256', p_file_sha256));
  RETURN went;
END $$;
REVOKE EXECUTE ON FUNCTION audit_drop(bigint, text, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION audit_chain() FROM PUBLIC;

-- Effects that several ways lead to write their audit row themselves, in the same statement: no way can forget it. The actor is the
-- database login; who wanted it stands in the row of the same transaction (enrollment.end, enrollment.acknowledge, …).
CREATE FUNCTION audit_revocation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    SELECT 'database:' || session_user, 'certificates.revoke', r.enrollment_id, e.user_id, r.reason,
      jsonb_build_object('serials', jsonb_agg(r.serial ORDER BY r.serial), 'issuers', jsonb_agg(DISTINCT r.issuer_id))
    FROM added r LEFT JOIN enrollment e ON e.id = r.enrollment_id GROUP BY r.enrollment_id, e.user_id, r.reason;
  RETURN NULL;
END $$;
CREATE TRIGGER revocation_audit AFTER INSERT ON revocation REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_revocation();

CREATE FUNCTION audit_erasure() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    SELECT 'database:' || session_user, 'sealed-key.erase', NEW.enrollment_id, e.user_id, 'erased',
      jsonb_build_object('sealedSha256', NEW.sealed_sha256, 'spkiSha256', NEW.spki_sha256, 'deliveries', NEW.deliveries)
    FROM enrollment e WHERE e.id = NEW.enrollment_id;
  RETURN NULL;
END $$;
CREATE TRIGGER delivery_erase_audit AFTER UPDATE OF sealed ON delivery FOR EACH ROW
  WHEN (OLD.sealed IS NOT NULL AND NEW.sealed IS NULL) EXECUTE FUNCTION audit_erasure();
REVOKE EXECUTE ON FUNCTION audit_revocation() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION audit_erasure() FROM PUBLIC;

-- Public keys and nothing else: whoever may add one must not stop the readers of this table with something that is no key.
ALTER TABLE evidence_key ADD CONSTRAINT evidence_key_jwk_check CHECK (jwk->>'kty' = 'EC' AND jwk->>'crv' = 'P-256' AND NOT jwk ? 'd'
  AND jwk->>'x' ~ '^[A-Za-z0-9_-]{43}$' AND jwk->>'y' ~ '^[A-Za-z0-9_-]{43}$');
-- What is signed names for whom: a name, and no text of somebody's choice.
ALTER TABLE timeline_request ADD CONSTRAINT timeline_request_actor_check CHECK (actor ~ '^operator:[A-Za-z0-9._:@-]{1,64}$');
