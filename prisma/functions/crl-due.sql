-- A revocation makes a new CRL of its issuer due, in its own transaction, whoever inserted it.
CREATE OR REPLACE FUNCTION crl_due() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE issuer SET crl_due_at = COALESCE(crl_due_at, clock_timestamp()) WHERE id = NEW.issuer_id;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER revocation_crl_due AFTER INSERT ON revocation FOR EACH ROW EXECUTE FUNCTION crl_due();
