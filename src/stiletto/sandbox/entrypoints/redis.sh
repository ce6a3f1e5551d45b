#!/bin/sh
# Becomes a Redis or Valkey server that listens where the engine says.
set -eu

case ${1:-} in
'' | -* | *.conf) set -- "$STILETTO_SERVER" "$@" ;;
esac
case $1 in
redis-server | valkey-server) ;;
*) exec "$@" ;;
esac

# Last, because of two directives the later one counts.
exec "$@" --bind "${STILETTO_SERVICE_ADDRESS:-0.0.0.0}" --protected-mode no
