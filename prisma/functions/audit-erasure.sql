-- The erasure of a sealed key writes its audit row itself, like a revocation (audit-revocation.sql).
CREATE OR REPLACE FUNCTION audit_erasure() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    SELECT 'database:' || session_user, 'sealed-key.erase', NEW.enrollment_id, e.user_id, 'erased',
      jsonb_build_object('sealedSha256', NEW.sealed_sha256, 'spkiSha256', NEW.spki_sha256, 'deliveries', NEW.deliveries)
    FROM enrollment e WHERE e.id = NEW.enrollment_id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER delivery_erase_audit AFTER UPDATE OF sealed ON delivery FOR EACH ROW
  WHEN (OLD.sealed IS NOT NULL AND NEW.sealed IS NULL) EXECUTE FUNCTION audit_erasure();
