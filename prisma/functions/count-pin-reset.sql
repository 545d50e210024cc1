-- A PIN that goes is a reset, whoever takes it away and by whatever way: what was open before gets no further.
CREATE OR REPLACE FUNCTION count_pin_reset() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM lock_user(OLD.user_id, true);
  PERFORM raise_pin_resets(OLD.user_id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER user_pin_count_reset AFTER DELETE ON user_pin FOR EACH ROW EXECUTE FUNCTION count_pin_reset();
