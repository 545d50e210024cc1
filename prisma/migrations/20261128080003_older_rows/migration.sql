-- Functions and triggers: copies of prisma/functions, changed there ------------------------------------------------------
SET LOCAL check_function_bodies = off;

-- Dates a change of a CRL in whole seconds, never the same second twice, of whatever issuer: an HTTP date knows no fractions, and one that
-- stood for two contents would keep an old CRL alive (RFC 9110 §8.8.2). The lock is held until the commit, which comes next.
CREATE OR REPLACE FUNCTION crl_modified() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  class CONSTANT integer := 7305212;
BEGIN
  PERFORM pg_advisory_xact_lock(class, 0);
  SELECT greatest(date_trunc('second', clock_timestamp()), max(crl_modified_at) + interval '1 second')
    INTO NEW.crl_modified_at FROM issuer;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER issuer_crl_modified BEFORE UPDATE OF crl ON issuer FOR EACH ROW EXECUTE FUNCTION crl_modified();

-- What Prisma's schema cannot say ----------------------------------------------------------------------------------------

-- NOT VALID alone judges an older row at its next change, and retention changes each once: one with an end of its own would have held up
-- all removals. What had ended before this moment stays as it is; ended_at is set by end_enrollment alone.
DO $$
BEGIN
  EXECUTE format($check$
    ALTER TABLE enrollment DROP CONSTRAINT enrollment_code_of_state,
      ADD CONSTRAINT enrollment_code_of_state CHECK (code IS NULL OR ended_at < %L OR (state, code) IN (
        ('expired', 'deadline_pin'), ('expired', 'deadline_csr'), ('expired', 'deadline_issuing'), ('expired', 'deadline_ack'),
        ('cancelled', 'superseded'), ('cancelled', 'cancelled'), ('cancelled', 'pin_reset'),
        ('failed', 'pin_attempts_exceeded'), ('failed', 'csr_attempts_exceeded'), ('failed', 'issuing_refused'), ('failed', 'issuer_unavailable'),
        ('locked', 'pin_locked'))) NOT VALID $check$, clock_timestamp());
END $$;
