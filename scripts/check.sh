#!/bin/sh
# Every static check, one after the other, each with its verdict; all run even where one fails.
set -u
cd "$(dirname "$0")/.."

failed=0
check() { # check NAME COMMAND…: quiet where it passes, its whole output where it does not
  name=$1
  shift
  if output=$("$@" 2>&1); then
    printf 'check  %-12s ok\n' "$name"
  else
    printf 'check  %-12s FAILED\n%s\n' "$name" "$output"
    failed=1
  fi
}

check types npm run --silent typecheck
check lint npm run --silent lint
check cycles npm run --silent cycles
check generated node dist/scripts/docs/configuration.js --check
exit $failed
