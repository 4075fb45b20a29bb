#!/bin/sh
# Installs what NAS-Bench-301's boosters need in Python, outside the project's own dependencies: .deps/boosters (about 300 MB). The benchmark
# (scripts/bench/ensembles.ts --peers) and the test against Python use it; so does  archwalk data convert nasbench301 DIR --python .deps/boosters/bin/python
set -eu
folder=$(cd "$(dirname "$0")/../../.." && pwd)/.deps/boosters
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet numpy==2.3.5 xgboost-cpu==3.2.0 lightgbm==4.7.0
echo "$folder/bin/python"
