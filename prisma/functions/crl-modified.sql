-- Dates a change of a CRL in whole seconds, never the same second twice, of whatever issuer: an HTTP date knows no fractions, and one that
-- stood for two contents would keep an old CRL alive (RFC 9110 §8.8.2). The lock is held until the commit, which comes next.
CREATE OR REPLACE FUNCTION crl_modified() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  class CONSTANT integer := 7305212;
BEGIN
  PERFORM pg_advisory_xact_lock(class, 0);
  SELECT greatest(date_trunc('second', clock_timestamp()), max(crl_modified_at) + interval '1 second')
    INTO NEW.crl_modified_at FROM issuer;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER issuer_crl_modified BEFORE UPDATE OF crl ON issuer FOR EACH ROW EXECUTE FUNCTION crl_modified();
