-- Puts one committed-to-be row at the end of the chain. Deferred to the commit of its transaction, so that the one lock that every audited
-- transaction takes is always its last, whatever the code did before: no cycle of locks can contain it. SECURITY DEFINER: the processes
-- may insert audit rows and need no right on the chain itself.
CREATE OR REPLACE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
-- A constraint trigger knows no OR REPLACE.
DROP TRIGGER IF EXISTS audit_chain ON audit;
CREATE CONSTRAINT TRIGGER audit_chain AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_chain();
