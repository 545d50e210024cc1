-- What was committed before signing, and what was signed, is never altered.
CREATE OR REPLACE FUNCTION keep_signed_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE TRIGGER credential_intent_keep BEFORE UPDATE ON credential_intent FOR EACH ROW EXECUTE FUNCTION keep_signed_bytes();
CREATE OR REPLACE TRIGGER certificate_keep BEFORE UPDATE ON certificate FOR EACH ROW EXECUTE FUNCTION keep_signed_bytes();
