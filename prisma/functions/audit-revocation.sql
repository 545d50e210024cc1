-- Effects that several ways lead to write their audit row themselves, in the same statement: no way can forget it. The actor is the
-- database login; who wanted it stands in the row of the same transaction (enrollment.end, enrollment.acknowledge, …).
CREATE OR REPLACE FUNCTION audit_revocation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO audit (actor, action, enrollment_id, user_id, outcome, detail)
    SELECT 'database:' || session_user, 'certificates.revoke', r.enrollment_id, e.user_id, r.reason,
      jsonb_build_object('serials', jsonb_agg(r.serial ORDER BY r.serial), 'issuers', jsonb_agg(DISTINCT r.issuer_id))
    FROM added r LEFT JOIN enrollment e ON e.id = r.enrollment_id GROUP BY r.enrollment_id, e.user_id, r.reason;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER revocation_audit AFTER INSERT ON revocation REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_revocation();
