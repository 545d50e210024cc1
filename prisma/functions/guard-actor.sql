-- Each login writes only its kinds of actor into the audit (ADR 42): a closed table by session_user, which no SET ROLE and no function with the
-- owner's rights changes. The same table in store/login-actors.ts; a test compares both. The owner and administrators stand above it.
CREATE OR REPLACE FUNCTION guard_actor() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (VALUES
      ('cs_api', '^(device|api)$', NULL),
      ('cs_api', '^(token-service|operator|pin-guard):.', NULL),
      ('cs_worker', '^(workflow|enrollment-worker)$', NULL),
      -- It verified the proof of the device.
      ('cs_worker', '^device$', 'enrollment.acknowledge'),
      ('cs_worker', '^operator:.', 'timeline.export'),
      ('cs_issuer', '^issuance$', NULL),
      ('cs_sweeper', '^sweeper$', NULL),
      ('cs_retention', '^retention$', 'enrollments.remove'),
      ('cs_operator', '^operator:.', 'key.block')
    ) AS kind (login, form, action)
    WHERE login = session_user AND NEW.actor ~ form AND NEW.action = COALESCE(action, NEW.action)
  )
  -- For whom the worker signs a timeline says the request, which another login wrote.
  AND (NEW.action <> 'timeline.export'
    OR EXISTS (SELECT FROM timeline_request r WHERE r.enrollment_id = NEW.enrollment_id AND r.actor = NEW.actor))
  -- Triggers with the owner's rights: they say the login itself, or what they are.
  OR NEW.actor = 'database:' || session_user
  OR (NEW.actor = 'revocation' AND NEW.action = 'key.block' AND is_owner_of(TG_RELID))
  OR pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the login % writes no audit row % as %: see the table of actors in docs/database-roles.md', session_user, NEW.action, NEW.actor
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE TRIGGER audit_guard_actor BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION guard_actor();
