-- A key that was compromised under one certificate is never certified again: in the transaction of the revocation.
CREATE OR REPLACE FUNCTION block_compromised_key() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO blocked_key (spki_sha256, reason, blocked_by)
    SELECT encode(sha256(spki), 'hex'), 'keyCompromise of certificate ' || serial, 'revocation' FROM credential_intent
    WHERE issuer_id = NEW.issuer_id AND serial = NEW.serial
    ON CONFLICT DO NOTHING;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER revocation_blocks_key AFTER INSERT OR UPDATE OF reason ON revocation FOR EACH ROW
  WHEN (NEW.reason = 'keyCompromise') EXECUTE FUNCTION block_compromised_key();
