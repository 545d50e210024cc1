-- A PIN is set up only while an enrollment of its user waits for it that was created after the last reset.
CREATE OR REPLACE FUNCTION guard_new_pin() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF is_owner_of(TG_RELID) THEN RETURN NEW; END IF;
  IF NOT EXISTS (SELECT FROM enrollment e WHERE e.user_id = NEW.user_id AND e.state = 'awaiting-pin' AND NOT is_before_pin_reset(e)) THEN
    RAISE EXCEPTION 'no enrollment that was created after the last reset waits for a PIN of this user' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER user_pin_guard_insert BEFORE INSERT ON user_pin FOR EACH ROW EXECUTE FUNCTION guard_new_pin();
