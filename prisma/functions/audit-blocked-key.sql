-- Whoever blocks a key, and by whatever way: an audit row. A row that the owner takes away leaves one too.
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
CREATE OR REPLACE TRIGGER blocked_key_audit AFTER INSERT OR DELETE ON blocked_key FOR EACH ROW EXECUTE FUNCTION audit_blocked_key();
