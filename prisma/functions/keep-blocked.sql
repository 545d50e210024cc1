-- A compromised key stays compromised (ADR 28).
CREATE OR REPLACE FUNCTION keep_blocked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a blocked key is not rewritten';
END $$;
CREATE OR REPLACE TRIGGER blocked_key_keep BEFORE UPDATE ON blocked_key FOR EACH ROW EXECUTE FUNCTION keep_blocked();
