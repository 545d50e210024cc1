-- What the destruction receipt will state of the deliveries.
CREATE OR REPLACE FUNCTION guard_delivery() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT is_owner_of(TG_RELID) AND (NEW.deliveries < OLD.deliveries
      OR (OLD.first_delivered_at IS NOT NULL AND NEW.first_delivered_at IS DISTINCT FROM OLD.first_delivered_at)) THEN
    RAISE EXCEPTION 'what was delivered stays counted' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER delivery_guard BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION guard_delivery();
