-- Retention: drops exactly the rows that a checkpoint closes. Not SECURITY DEFINER: it works for the owner alone. The row that it writes
-- says who dropped what and which file holds it. Returns how many rows went.
CREATE OR REPLACE FUNCTION audit_drop(p_seq bigint, p_actor text, p_file_sha256 text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  first bigint := audit_floor() + 1;
  went bigint;
BEGIN
  UPDATE audit_checkpoint c SET dropped_at = clock_timestamp() WHERE c.seq = p_seq AND c.dropped_at IS NULL
    AND c.hash = (SELECT l.hash FROM audit_link l WHERE l.seq = c.seq);
  IF NOT FOUND THEN RAISE EXCEPTION 'no checkpoint closes the chain at % as it stands', p_seq; END IF;
  DELETE FROM audit a USING audit_link l WHERE l.audit_id = a.id AND l.seq <= p_seq;
  DELETE FROM audit_link WHERE seq <= p_seq;
  GET DIAGNOSTICS went = ROW_COUNT;
  INSERT INTO audit (actor, action, outcome, detail)
    VALUES (p_actor, 'audit.drop', 'dropped', jsonb_build_object('from', first, 'through', p_seq, 'rows', went, 'fileSha256', p_file_sha256));
  RETURN went;
END $$;
