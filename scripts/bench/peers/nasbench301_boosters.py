"""NAS-Bench-301 tree ensembles of our own in the official folder layout, and their predictions and speed in Python.

    python3 nasbench301_boosters.py train FOLDER < job.json       writes FOLDER/<label>/<member>/surrogate_model.model, model_config.json, data_config.json
    python3 nasbench301_boosters.py predict FOLDER THREADS        answers JSON lines: {"vectors": FILE} -> {"predictions": [members][rows]}
                                                                  {"vectors": FILE, "rounds": R} -> {"seconds": [R]} of processor time, all members, input ready

job: {"vectors": FILE, "targets": {"accuracy": FILE, "seconds": FILE}, "ensembles": [{"label", "model", "target", "members", "rounds", "params"}]}; FILE holds
little-endian float64, 56 a row (vectors) or one a row. Like the official code: a Booster by xgboost.train or lightgbm.train, pickled as it is. A member
with rounds of early stopping has "early_stopping_rounds" (lightgbm: prediction then ends at the best iteration; xgboost: it does not).
Needs: pip install numpy, and xgboost-cpu (or xgboost) and lightgbm.
"""
import json
import pickle
import sys
import time
from pathlib import Path

import numpy as np

FEATURES = 56


def read(path, columns):
    values = np.fromfile(path, "<f8")
    return values.reshape(-1, FEATURES) if columns else values


def train_member(model, params, rounds, stop, seed, x, y):
    held = slice(0, len(x) // 10)
    kept = slice(len(x) // 10, None)
    if model.startswith("xgb"):
        import xgboost
        settings = {"objective": "reg:squarederror", "eval_metric": "rmse", "booster": "gbtree", "seed": seed, **params}
        evaluation = [(xgboost.DMatrix(x[held], label=y[held]), "val")]
        return xgboost.train(settings, xgboost.DMatrix(x[kept], label=y[kept]), rounds, evals=evaluation, early_stopping_rounds=stop, verbose_eval=False)
    import lightgbm
    settings = {"objective": "regression", "metric": "rmse", "seed": seed, "verbosity": -1, **params}
    data = lightgbm.Dataset(x[kept], label=y[kept])
    callbacks = [] if stop is None else [lightgbm.early_stopping(stop, verbose=False)]
    return lightgbm.train(settings, data, rounds, valid_sets=[lightgbm.Dataset(x[held], label=y[held], reference=data)], callbacks=callbacks)


def train(folder):
    job = json.load(sys.stdin)
    x = read(job["vectors"], True)
    for ensemble in job["ensembles"]:
        y = read(job["targets"][ensemble["target"]], False)
        for number in range(ensemble["members"]):
            member = folder / ensemble["label"] / f"member_{number}"
            member.mkdir(parents=True)
            order = np.random.RandomState(number).permutation(len(x))
            booster = train_member(ensemble["model"], ensemble["params"], ensemble["rounds"], ensemble.get("early_stopping_rounds"), number + 1, x[order], y[order])
            with open(member / "surrogate_model.model", "wb") as file:
                pickle.dump(booster, file)
            (member / "model_config.json").write_text(json.dumps({"model": ensemble["model"], "param:bananas_enc": False, **{f"param:{key}": value for key, value in ensemble["params"].items()}}))
            (member / "data_config.json").write_text(json.dumps({"seed": number + 1}))
    print(json.dumps({"trained": True}))


def predict(folder, threads):
    boosters = []
    for path in sorted(folder.rglob("surrogate_model.model")):
        with open(path, "rb") as file:
            boosters.append(pickle.load(file))
    is_xgboost = type(boosters[0]).__module__.startswith("xgboost")
    if is_xgboost:
        import xgboost
        for booster in boosters:
            booster.set_param({"nthread": threads})
    # A matrix of its own for every call: xgboost remembers its predictions of a matrix.
    ready = (lambda x: [xgboost.DMatrix(x, nthread=threads) for _ in boosters]) if is_xgboost else (lambda x: [x] * len(boosters))
    ask = (lambda booster, input: booster.predict(input)) if is_xgboost else (lambda booster, input: booster.predict(input, num_threads=threads))
    for line in sys.stdin:
        command = json.loads(line)
        x = read(command["vectors"], True)
        if "rounds" not in command:
            answer = {"predictions": [np.asarray(ask(booster, input), np.float64).tolist() for booster, input in zip(boosters, ready(x))]}
        else:
            seconds = []
            for _ in range(command["rounds"]):
                inputs = ready(x)
                start = time.process_time()
                for booster, input in zip(boosters, inputs):
                    ask(booster, input)
                seconds.append(time.process_time() - start)
            answer = {"seconds": seconds}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train(Path(sys.argv[2]))
    else:
        predict(Path(sys.argv[2]), int(sys.argv[3]))
