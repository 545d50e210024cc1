-- Open rows whose workflow was never started: what the sweeper looks for, whatever was ever made (ADR 43).
CREATE INDEX enrollment_unstarted ON enrollment (created_at) WHERE ended_at IS NULL AND started_at IS NULL;
