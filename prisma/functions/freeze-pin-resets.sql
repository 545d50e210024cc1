-- A new enrollment takes along how often the PIN of its user was reset, under the lock that a reset has alone: no create is between the two.
-- With the owner's rights: no process chooses the number.
CREATE OR REPLACE FUNCTION freeze_pin_resets() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM lock_user(NEW.user_id, false);
  NEW.pin_resets := pin_resets_of(NEW.user_id);
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER enrollment_freeze_pin_resets BEFORE INSERT ON enrollment FOR EACH ROW EXECUTE FUNCTION freeze_pin_resets();
