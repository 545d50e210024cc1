-- The hash of a place in the audit chain (ADR 37) over the hash before it and the row; the fields are those of audit-field.sql.
CREATE OR REPLACE FUNCTION audit_hash(prev bytea, seq bigint, entry audit) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to('cs-audit-v1,' || audit_field(encode(prev, 'hex')) || audit_field(seq::text) || audit_field(entry.id::text)
    || audit_field(to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    || audit_field(entry.actor) || audit_field(entry.action) || audit_field(entry.enrollment_id::text) || audit_field(entry.user_id)
    || audit_field(entry.outcome) || audit_field(entry.detail::text), 'UTF8'))
$$;
