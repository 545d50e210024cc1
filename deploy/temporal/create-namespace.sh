#!/bin/sh
# The namespace with its retention. May be repeated: an existing namespace gets the retention that is configured now.
set -eu
temporal_cli() {
  temporal operator namespace "$@" --namespace "$CS_TEMPORAL_NAMESPACE" \
    --address temporal:7233 --tls --tls-ca-path /run/secrets/internal_ca --tls-server-name temporal
}
if temporal_cli describe >/dev/null 2>&1; then
  temporal_cli update --retention "$CS_TEMPORAL_RETENTION"
else
  temporal_cli create --retention "$CS_TEMPORAL_RETENTION"
fi
