-- A terminal row never changes its outcome.
CREATE OR REPLACE FUNCTION keep_terminal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL AND (NEW.state, NEW.code, NEW.ended_at) IS DISTINCT FROM (OLD.state, OLD.code, OLD.ended_at) THEN
    RAISE EXCEPTION 'enrollment % ended as %; a terminal row never changes', OLD.id, OLD.state;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER enrollment_keep_terminal BEFORE UPDATE ON enrollment FOR EACH ROW EXECUTE FUNCTION keep_terminal();
