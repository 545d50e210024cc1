-- AlterTable
ALTER TABLE "timeline_request" ADD COLUMN     "login" TEXT NOT NULL DEFAULT SESSION_USER;

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

-- Who blocks a key says so himself: a name, and no text of somebody's choice. With which login he did it says the database. NOT VALID: older
-- entries may have another form, and are never rewritten.
ALTER TABLE blocked_key ADD CONSTRAINT blocked_key_by_check CHECK (blocked_by = 'revocation' OR blocked_by ~ '^operator:[A-Za-z0-9._:@-]{1,64}$') NOT VALID;

CREATE OR REPLACE FUNCTION audit_blocked_key() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit (actor, action, outcome, detail)
      VALUES (NEW.blocked_by, 'key.block', 'blocked',
        jsonb_build_object('spkiSha256', NEW.spki_sha256, 'reason', NEW.reason, 'login', session_user));
    RETURN NEW;
  END IF;
  INSERT INTO audit (actor, action, outcome, detail)
    VALUES ('database:' || session_user, 'key.unblock', 'unblocked', jsonb_build_object('spkiSha256', OLD.spki_sha256, 'reason', OLD.reason));
  RETURN OLD;
END $$;

-- The name `revocation` is that of the trigger, which runs as the owner.
CREATE FUNCTION guard_blocked_by() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.blocked_by = 'revocation' AND NOT is_owner_of(TG_RELID) THEN
    RAISE EXCEPTION 'only a revocation blocks a key as revocation' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER blocked_key_guard BEFORE INSERT ON blocked_key FOR EACH ROW EXECUTE FUNCTION guard_blocked_by();
