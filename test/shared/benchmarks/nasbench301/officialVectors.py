"""Writes officialVectors.json beside this file: 16 random cells and the arrays that ConfigSpace makes of them, as NAS-Bench-301's package asks it.

    pip install ConfigSpace==0.4.12      (the version that package pins; it builds on Python 3.7)
    python officialVectors.py PATH/TO/nb301_configspace.json

Before use the package re-declares four hyperparameters that its space's file fixes: layers, T_max and init_channels as integers in 1..10000, eta_min as a
real in 0..10000. The training hyperparameters are those its `predict` sets.
"""
import json
import random
import sys
from pathlib import Path

import ConfigSpace
from ConfigSpace.hyperparameters import UniformFloatHyperparameter, UniformIntegerHyperparameter
from ConfigSpace.read_and_write import json as reader

DARTS = "NetworkSelectorDatasetInfo:darts:"
COSINE = "SimpleLearningrateSchedulerSelector:cosine_annealing:"
OPERATIONS = ["max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"]
TRAINING = {
    "CreateImageDataLoader:batch_size": 96, "ImageAugmentation:augment": True, "ImageAugmentation:cutout": True, "ImageAugmentation:cutout_holes": 1,
    "ImageAugmentation:cutout_length": 16, "ImageAugmentation:autoaugment": False, "ImageAugmentation:fastautoaugment": False,
    "LossModuleSelectorIndices:loss_module": "cross_entropy", DARTS + "auxiliary": True, DARTS + "drop_path_prob": 0.2, DARTS + "init_channels": 32,
    DARTS + "layers": 8, "NetworkSelectorDatasetInfo:network": "darts", "OptimizerSelector:optimizer": "sgd", "OptimizerSelector:sgd:learning_rate": 0.025,
    "OptimizerSelector:sgd:momentum": 0.9, "OptimizerSelector:sgd:weight_decay": 0.0003, COSINE + "T_max": 100, COSINE + "eta_min": 1e-8,
    "SimpleLearningrateSchedulerSelector:lr_scheduler": "cosine_annealing", "SimpleTrainNode:batch_loss_computation_technique": "mixup",
    "SimpleTrainNode:mixup:alpha": 0.2,
}


def load_space(path):
    space = reader.read(Path(path).read_text())
    redeclared = [UniformIntegerHyperparameter(name=name, lower=1, upper=10000) for name in (DARTS + "layers", COSINE + "T_max", DARTS + "init_channels")]
    redeclared.append(UniformFloatHyperparameter(name=COSINE + "eta_min", lower=0, upper=10000))
    for hyperparameter in redeclared:
        space._hyperparameters.pop(hyperparameter.name)
    space.add_hyperparameters(redeclared)
    return space


def random_cell(rng):
    genotype, values = {}, {}
    for name in ("normal", "reduce"):
        genotype[name], first_edge = [], 0
        for node in range(4):
            inputs = sorted(rng.sample(range(node + 2), 2))
            for source in inputs:
                operation = rng.choice(OPERATIONS)
                genotype[name].append([operation, source])
                values[f"{DARTS}edge_{name}_{first_edge + source}"] = operation
            if node > 0:
                values[f"{DARTS}inputs_node_{name}_{node + 2}"] = "_".join(map(str, inputs))
            first_edge += node + 2
    return genotype, values


def main():
    space, rng = load_space(sys.argv[1]), random.Random(1)
    order = sorted(space._hyperparameter_idx, key=space._hyperparameter_idx.get)
    cells = []
    for _ in range(16):
        genotype, values = random_cell(rng)
        array = ConfigSpace.Configuration(space, values={**TRAINING, **values}).get_array()
        cells.append({"genotype": genotype, "vector": [None if value != value else value for value in array]})
    Path(__file__).with_suffix(".json").write_text(json.dumps({"order": order, "cells": cells}) + "\n")


main()
