-- Whether the PIN of its user was reset after an enrollment was created: then it goes nowhere but to its end (ADR 51). The one place that says
-- which enrollments a reset concerns. Numbers are compared, not times.
CREATE OR REPLACE FUNCTION is_before_pin_reset(e enrollment) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.pin_resets <> pin_resets_of(e.user_id)
$$;
