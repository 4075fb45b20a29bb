#!/bin/sh
# Installs the engine benchmark's peer, PyTorch, outside the project's own dependencies: .deps/peers (about 6 GB). Then
#   ARCHWALK_PEER_PYTHON=.deps/peers/bin/python node dist/scripts/bench/engine.js --peers eager,eager-dense,compiled,compiled-dense
set -eu
folder=$(cd "$(dirname "$0")/../../.." && pwd)/.deps/peers
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet torch==2.9.1 numpy
echo "$folder/bin/python"
