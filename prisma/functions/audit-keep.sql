-- Only appended: no row is changed, and none goes that a dropped segment did not contain. The owner could take these triggers away;
-- then the hashes, the signatures and a head kept elsewhere tell.
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE OR REPLACE TRIGGER audit_link_keep BEFORE UPDATE OR DELETE ON audit_link FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE OR REPLACE TRIGGER audit_head_keep BEFORE UPDATE OR DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE OR REPLACE TRIGGER audit_checkpoint_keep BEFORE UPDATE OR DELETE ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION audit_keep();
