-- The canonical form of an audit row (ADR 37), the same in core/evidence/audit-hash.ts: each field as a netstring, NULL as "-,". What is
-- hashed of `detail` is PostgreSQL's own text of the stored jsonb. Built from text alone and inlined by the planner: it runs under the lock.
CREATE OR REPLACE FUNCTION audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(octet_length(value)::text || ':' || value || ',', '-,')
$$;
