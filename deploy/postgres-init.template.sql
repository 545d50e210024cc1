-- Runs once, when the database cluster is made. make-secrets.mjs puts the passwords in; the result is a secret.
CREATE ROLE cs_owner LOGIN PASSWORD '@owner-password@';
CREATE ROLE cs_service NOLOGIN;
CREATE ROLE cs_api LOGIN PASSWORD '@api-password@' IN ROLE cs_service;
CREATE ROLE cs_worker LOGIN PASSWORD '@worker-password@' IN ROLE cs_service;
CREATE ROLE cs_issuer LOGIN PASSWORD '@issuer-password@' IN ROLE cs_service;
CREATE ROLE cs_temporal LOGIN PASSWORD '@temporal-password@';

CREATE DATABASE certificate_service OWNER cs_owner;
CREATE DATABASE temporal OWNER cs_temporal;
CREATE DATABASE temporal_visibility OWNER cs_temporal;
REVOKE CONNECT, TEMPORARY ON DATABASE certificate_service, temporal, temporal_visibility, postgres FROM PUBLIC;
GRANT CONNECT ON DATABASE certificate_service TO cs_service;

-- Rows, not tables: what a migration makes belongs to cs_owner, and the processes may only read and write in it.
\connect certificate_service
ALTER SCHEMA public OWNER TO cs_owner;
GRANT USAGE ON SCHEMA public TO cs_service;
ALTER DEFAULT PRIVILEGES FOR ROLE cs_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cs_service;
ALTER DEFAULT PRIVILEGES FOR ROLE cs_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO cs_service;
ALTER DEFAULT PRIVILEGES FOR ROLE cs_owner IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO cs_service;
