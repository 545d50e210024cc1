#!/bin/sh
# The namespace with its retention. May be repeated: an existing namespace gets the retention that is configured now.
set -eu
temporal_cli() {
  temporal operator namespace "$@" --namespace "$CS_TEMPORAL_NAMESPACE" \
    --address temporal:7233 --tls --tls-ca-path /run/secrets/internal-ca.crt.pem --tls-server-name temporal \
    --tls-cert-path /run/secrets/temporal-client.crt.pem --tls-key-path /run/secrets/temporal-client.key.pem
}
ensure_namespace() {
  if temporal_cli describe >/dev/null 2>&1; then
    temporal_cli update --retention "$CS_TEMPORAL_RETENTION"
  else
    temporal_cli create --retention "$CS_TEMPORAL_RETENTION"
  fi
}
# The frontend listens, and is called healthy, before it serves namespaces: tried for two minutes.
tries=60
until ensure_namespace; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 1
  sleep 2
done
