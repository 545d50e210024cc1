#!/bin/sh
# Temporal's tables in the databases that postgres-init.sql made. May be repeated: what is there stays, newer versions are added.
set -eu
SQL_PASSWORD="$(cat /run/secrets/temporal.password)"
export SQL_PASSWORD
for database in temporal temporal_visibility; do
  schema="${database#temporal_}"
  tool() {
    temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user cs_temporal --database "$database" \
      --tls --tls-ca-file /run/secrets/internal-ca.crt.pem --tls-server-name postgres "$@"
  }
  tool setup-schema -v 0.0
  tool update-schema --schema-name "postgresql/v12/$schema"
done
