-- Runs once, when the database cluster is made. make-secrets.mjs puts the passwords in; the result is a secret.
-- Roles only: what each may do is store/grants.ts, which `cs migrate` applies (docs/database-roles.md).
-- make-secrets.mjs puts restrict-logins.sql behind it.
CREATE ROLE cs_owner LOGIN PASSWORD '@owner-password@';
CREATE ROLE cs_api LOGIN PASSWORD '@api-password@';
CREATE ROLE cs_worker LOGIN PASSWORD '@worker-password@';
CREATE ROLE cs_issuer LOGIN PASSWORD '@issuer-password@';
CREATE ROLE cs_sweeper LOGIN PASSWORD '@sweeper-password@';
CREATE ROLE cs_retention LOGIN PASSWORD '@retention-password@';
CREATE ROLE cs_operator LOGIN PASSWORD '@operator-password@';
CREATE ROLE cs_temporal LOGIN PASSWORD '@temporal-password@';

CREATE DATABASE certificate_service OWNER cs_owner;
CREATE DATABASE temporal OWNER cs_temporal;
CREATE DATABASE temporal_visibility OWNER cs_temporal;
REVOKE CONNECT, TEMPORARY ON DATABASE certificate_service, temporal, temporal_visibility, postgres FROM PUBLIC;

\connect certificate_service
ALTER SCHEMA public OWNER TO cs_owner;
