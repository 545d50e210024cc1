-- Removes the PIN of a user, raises the number of resets and ends at most p_most of the open enrollments; returns which (ADR 51). If there are
-- more, end_before_pin_reset ends them: since all were locked here, none of them gets any further from this commit on. The audit row comes
-- before the ends that it explains, and says how many there are. Every time counts, also without a PIN. Locks: user, enrollments by id, PIN.
CREATE OR REPLACE FUNCTION reset_pin(p_user_id text, p_actor text, p_most integer) RETURNS SETOF uuid LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  concerned integer;
  removed boolean;
BEGIN
  PERFORM lock_user(p_user_id, true);
  concerned := cardinality(ARRAY(SELECT id FROM enrollment WHERE user_id = p_user_id
    AND state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack') ORDER BY id FOR UPDATE));
  DELETE FROM user_pin WHERE user_id = p_user_id;
  removed := FOUND;
  -- Of a PIN that goes the trigger has counted it.
  IF NOT removed THEN PERFORM raise_pin_resets(p_user_id); END IF;
  INSERT INTO audit (actor, action, user_id, outcome, detail)
    VALUES (p_actor, 'pin.reset', p_user_id, CASE WHEN removed THEN 'removed' ELSE 'absent' END,
      jsonb_build_object('ended', concerned, 'resets', pin_resets_of(p_user_id)));
  RETURN QUERY SELECT end_before_pin_reset(p_user_id, p_actor, p_most);
END $$;
