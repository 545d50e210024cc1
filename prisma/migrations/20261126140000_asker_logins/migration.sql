-- AlterTable
ALTER TABLE "timeline_request" ADD COLUMN     "login" TEXT NOT NULL DEFAULT SESSION_USER;

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

-- Who blocks a key says so himself: a name, and no text of somebody's choice. With which login he did it says the database.
ALTER TABLE blocked_key ADD CONSTRAINT blocked_key_by_check CHECK (blocked_by = 'revocation' OR blocked_by ~ '^operator:[A-Za-z0-9._:@-]{1,64}$');

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
