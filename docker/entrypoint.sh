#!/bin/sh
# Runs its arguments. Where REDIS_URL is not given, it is made of REDIS_HOST and the password in REDIS_PASSWORD_FILE, so that the
# password stands neither in the container's configuration nor in a process list.
set -eu
if [ -z "${REDIS_URL:-}" ] && [ -n "${REDIS_PASSWORD_FILE:-}" ]; then
  REDIS_URL="redis://:$(cat "$REDIS_PASSWORD_FILE")@${REDIS_HOST:-redis}:6379"
  export REDIS_URL
fi
exec "$@"
