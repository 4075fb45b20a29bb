#!/bin/sh
# Installs what the benchmarks are measured against outside the project's own dependencies, in .deps/peers:
#   install.sh            NASBench's Python code and numpy (50 MB), for module hashes
#   install.sh engine     PyTorch too (about 6 GB). Then
#   ARCHWALK_PEER_PYTHON=.deps/peers/bin/python node dist/scripts/bench/engine.js --peers eager,eager-dense,compiled,compiled-dense
set -eu
folder=$(cd "$(dirname "$0")/../../.." && pwd)/.deps/peers
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/python" -c 'import numpy' 2>/dev/null || "$folder/bin/pip" install --quiet numpy
"$folder/bin/pip" show --quiet nasbench-pytorch 2>/dev/null || "$folder/bin/pip" install --quiet --no-deps nasbench-pytorch==1.3.1
if [ "${1:-}" = engine ]; then "$folder/bin/pip" install --quiet torch==2.9.1; fi
echo "$folder/bin/python"
