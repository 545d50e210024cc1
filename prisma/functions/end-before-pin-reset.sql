-- Ends the open enrollments of a user that a PIN reset concerns, at most p_most, in the order of their ids; returns which. The actor is who reset.
CREATE OR REPLACE FUNCTION end_before_pin_reset(p_user_id text, p_actor text, p_most integer) RETURNS SETOF uuid LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  ids uuid[];
  one uuid;
BEGIN
  PERFORM lock_user(p_user_id, true);
  ids := ARRAY(SELECT e.id FROM enrollment e WHERE e.user_id = p_user_id AND e.state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack')
    AND is_before_pin_reset(e) ORDER BY e.id LIMIT p_most FOR UPDATE);
  -- The issuers of all of them at once and in one order, so that two ends never wait for each other.
  PERFORM 1 FROM issuer WHERE id IN (SELECT issuer_id FROM credential_intent WHERE enrollment_id = ANY (ids)) ORDER BY id FOR UPDATE;
  FOREACH one IN ARRAY ids LOOP
    PERFORM end_enrollment(one, 'cancelled', 'pin_reset', p_actor);
    RETURN NEXT one;
  END LOOP;
END $$;
