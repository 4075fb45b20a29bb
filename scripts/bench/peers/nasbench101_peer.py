"""Module hashes by NASBench's own Python code, timed.

Reads {"cells": [{"adjacency": [[...]], "operations": [...]}, ...], "rounds": R} from standard input and prints
{"hashes": [...], "seconds": [one figure a round]}. The code is `graph_util.hash_module` of the pip package nasbench-pytorch, which holds the
original's unchanged; its file is loaded by itself, since the package as a whole needs PyTorch and the hash does not.

    scripts/bench/peers/install.sh
"""
import importlib.util
import json
import os
import sys
import time

import numpy as np

LABELS = {"input": -1, "conv3x3-bn-relu": 0, "conv1x1-bn-relu": 1, "maxpool3x3": 2, "output": -2}


def load_graph_util():
    package = importlib.util.find_spec("nasbench_pytorch")
    if package is None:
        sys.exit("nasbench-pytorch must be installed for this Python: pip install --no-deps nasbench-pytorch==1.3.1")
    path = os.path.join(package.submodule_search_locations[0], "model", "graph_util.py")
    spec = importlib.util.spec_from_file_location("graph_util", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    job = json.load(sys.stdin)
    hash_module = load_graph_util().hash_module
    cells = [(np.array(cell["adjacency"]), [LABELS[op] for op in cell["operations"]]) for cell in job["cells"]]
    seconds = []
    for _ in range(job["rounds"]):
        start = time.perf_counter()
        hashes = [hash_module(matrix, labels) for matrix, labels in cells]
        seconds.append(time.perf_counter() - start)
    json.dump({"hashes": hashes, "seconds": seconds}, sys.stdout)


main()
