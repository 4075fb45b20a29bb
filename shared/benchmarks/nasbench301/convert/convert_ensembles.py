"""NAS-Bench-301's official tree ensembles as one portable file. Called by `archwalk data convert nasbench301 DIR`; by itself:

    python3 convert_ensembles.py DIR OUT < probes.json

DIR is what the official package downloads (nb_models_1.0, nb_models_0.9) or one ensemble of it (xgb_v1.0, lgb_runtime_v1.0). As
the official loader does, every `surrogate_model.model` below DIR is a member: a pickled xgboost or lightgbm Booster, beside a model_config.json
whose "model" is xgb, lgb, xgb_time or lgb_time. Other models (gnn_gin) are passed over. UNPICKLING RUNS CODE: convert only what you trust.

probes.json is {"features": [56 names], "codes": [[normal, reduce], ...], "vectors": [[56 numbers], ...]}: each member's own predictions of these go
into the file, so that its reader can prove itself against the booster that was converted.

OUT is laid out as safetensors. Metadata: format, version, sha256 (of the bytes after the header), features (JSON), ensembles (JSON; name, label,
target, precision, members, library). Tensors: probeCodes U32 [P, 2], and for each ensemble NAME:
  NAME.splitFeature U8 [S], NAME.splitThreshold F64 [S], NAME.splitFlags U8 [S]   distinct splits; flags: 1 missing goes left; 2 zero is missing,
                          4 NaN is missing (neither: NaN counts as 0); 8 "x < threshold" in float32, else "x <= threshold" in float64; true goes left
  NAME.treeNodes U32 [T]  inner nodes of each tree, member by member; a tree has one more leaf than inner nodes
  NAME.nodeSplit U16, NAME.nodeLeft I32, NAME.nodeRight I32 [N]   of all trees; a child >= 0 is an inner node of its tree, < 0 the leaf ~child
  NAME.leafValue F32 or F64 [N + T];  NAME.probeValues F64 [members, P]
A member's prediction is its base score plus one leaf of each tree, added in order in the ensemble's precision (float32, float64).

Prints JSON lines: {"progress": LABEL, "done": D, "total": T}, {"skipped": ...}, at the end {"ensembles": [...]} or {"error": ...} with exit code 2.
"""
import gc
import hashlib
import json
import os
import pickle
import re
import sys
import tempfile
from pathlib import Path

MODELS = {"xgb": ("xgboost", "validationAccuracy"), "lgb": ("lightgbm", "validationAccuracy"), "xgb_time": ("xgboost", "trainingSeconds"), "lgb_time": ("lightgbm", "trainingSeconds")}
MEMBER = "surrogate_model.model"
CONFIG = "model_config.json"
MISSING_LEFT, ZERO_MISSING, NAN_MISSING, LESS_FLOAT32 = 1, 2, 4, 8
MOST_SPLITS = 65536


class BadInput(Exception):
    """What the user gave cannot be converted; the message says what was required and what was found."""


def say(**line):
    print(json.dumps(line), flush=True)


def first_line(error):
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__


def load_module(name, why):
    try:
        return __import__(name)
    except Exception as error:
        raise BadInput(f"{sys.executable} must have the Python module {name} for {why}, got {first_line(error)}; pip install {name}, or name another Python by --python")


def find_members(root):
    """{model name: [member folders]}, sorted by path."""
    if not root.is_dir():
        raise BadInput(f"{root} must be a folder of NAS-Bench-301 models, found {'a file' if root.exists() else 'nothing'}")
    members, skipped = {}, []
    for folder in sorted({path.parent for path in root.rglob(CONFIG)} | {path.parent for path in root.rglob(MEMBER)}):
        if not (folder / CONFIG).is_file():
            raise BadInput(f"the member {folder} must hold {CONFIG} beside {MEMBER}, found none")
        try:
            config = json.loads((folder / CONFIG).read_text())
            model = config["model"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{folder / CONFIG} must be JSON with a \"model\", got {first_line(error)}")
        if model not in MODELS:
            skipped.append(f"{folder} ({model})")
            continue
        if not (folder / MEMBER).is_file():
            # The ensemble's own folder keeps a copy of the configuration, with the members below it.
            if next(folder.rglob(MEMBER), None) is None:
                raise BadInput(f"the {model} member {folder} must hold {MEMBER}, found none")
            continue
        if config.get("param:bananas_enc"):
            raise BadInput(f"the {model} member {folder} must be trained on the configuration vector, found bananas_enc true")
        members.setdefault(model, []).append(folder)
    if not members:
        raise BadInput(f"{root} must hold members ({MEMBER} beside {CONFIG}) of {', '.join(MODELS)}, found {', '.join(skipped[:3]) or 'none'}")
    return members, skipped


def label_of(model, folders):
    """E.g. xgb_v1.0, from the folder's name, as the official download has it."""
    labels = {part for folder in folders for part in folder.resolve().parts if re.fullmatch(r"(xgb|lgb)\w*_v\d+\.\d+", part)}
    if len(labels) > 1:
        raise BadInput(f"the {model} members must be of one ensemble, found {', '.join(sorted(labels))}; convert one at a time")
    return labels.pop() if labels else model


def unpickle(path, library):
    try:
        with open(path, "rb") as file:
            booster = pickle.load(file)
    except Exception as error:
        raise BadInput(f"{path} must be a pickle that this Python's {library.__name__} {library.__version__} reads, got {type(error).__name__}: {first_line(error)}; a model pickled by an old release may need it (pip install '{library.__name__}<2')")
    if type(booster).__name__ != "Booster" or not type(booster).__module__.startswith(library.__name__):
        raise BadInput(f"{path} must hold a {library.__name__} Booster, found {type(booster).__module__}.{type(booster).__name__}")
    return booster


class Trees:
    """The trees of one member as flat lists of arrays."""

    def __init__(self, numpy):
        self.np = numpy
        self.feature, self.threshold, self.flags, self.left, self.right, self.leaves, self.sizes = [], [], [], [], [], [], []

    def add(self, feature, threshold, flags, left, right, leaves):
        self.sizes.append(len(feature))
        for column, values in ((self.feature, feature), (self.threshold, threshold), (self.flags, flags), (self.left, left), (self.right, right), (self.leaves, leaves)):
            column.append(self.np.asarray(values))

    def joined(self, name, dtype):
        parts = getattr(self, name)
        return self.np.concatenate(parts).astype(dtype) if parts else self.np.zeros(0, dtype)


def xgboost_trees(booster, np, where, features):
    """All trees: xgboost's native predict uses them all, early stopping or not. Returns trees, base score."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        booster.save_model(path)
        with open(path) as file:
            learner = json.load(file)["learner"]
    require(where, "objective", "reg:squarederror", learner["objective"]["name"])
    require(where, "features", features, int(learner["learner_model_param"]["num_feature"]))
    require(where, "booster", "gbtree", learner["gradient_booster"]["name"])
    require(where, "outputs", True, int(learner["learner_model_param"].get("num_class", 0)) <= 1 and int(learner["learner_model_param"].get("num_target", 1)) <= 1)
    base = float(learner["learner_model_param"]["base_score"].strip("[]"))
    trees = Trees(np)
    for tree in learner["gradient_booster"]["model"]["trees"]:
        left, right = np.array(tree["left_children"], np.int64), np.array(tree["right_children"], np.int64)
        if any(tree.get("split_type", ())):
            raise BadInput(f"{where} must have numerical splits only, found a categorical one")
        # Pruned nodes stay in the arrays: only what the root reaches counts. Breadth first, inner nodes and leaves numbered apart.
        order, level = [], np.array([0])
        while len(level):
            order.append(level)
            inner = level[left[level] >= 0]
            level = np.stack([left[inner], right[inner]], 1).reshape(-1)
        order = np.concatenate(order)
        is_inner = left[order] >= 0
        inner, leaf = order[is_inner], order[~is_inner]
        number = np.zeros(len(left), np.int64)
        number[inner], number[leaf] = np.arange(len(inner)), ~np.arange(len(leaf))
        condition = np.array(tree["split_conditions"], np.float32)
        default = np.array(tree["default_left"]).astype(np.int64)[inner]
        trees.add(np.array(tree["split_indices"], np.int64)[inner], condition[inner].astype(np.float64), default * MISSING_LEFT | NAN_MISSING | LESS_FLOAT32, number[left[inner]], number[right[inner]], condition[leaf])
    return trees, base


def lightgbm_trees(booster, np, where, features):
    """The trees that lightgbm's predict uses: up to the best iteration where early stopping found one. Returns trees, base score."""
    text = booster.model_to_string()
    head, *blocks = re.split(r"^Tree=\d+\n", text, flags=re.M)
    fields = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    require(where, "objective", "regression", fields.get("objective", "").split(" ")[0])
    require(where, "features", features, int(fields["max_feature_idx"]) + 1)
    require(where, "outputs", 1, int(fields["num_tree_per_iteration"]))
    require(where, "trees", "summed", "averaged" if re.search(r"^average_output$", head, re.M) else "summed")
    trees = Trees(np)
    for block in blocks:
        tree = dict(line.split("=", 1) for line in block.split("\n\n")[0].splitlines() if "=" in line)
        require(where, "categorical splits", 0, int(tree.get("num_cat", 0)))
        require(where, "linear leaves", 0, int(tree.get("is_linear", 0)))
        column = lambda name, kind: np.array(tree.get(name, "").split(), dtype=kind)
        leaves = column("leaf_value", np.float64)
        if int(tree["num_leaves"]) == 1:
            none = np.zeros(0)
            trees.add(none, none, none, none, none, leaves[:1])
            continue
        # decision_type: bit 1 default left; bits 2, 3 what is missing: 0 nothing, 1 zero, 2 NaN.
        kinds = column("decision_type", np.int64)
        trees.add(column("split_feature", np.int64), column("threshold", np.float64), ((kinds >> 1) & 1) * MISSING_LEFT | ((kinds >> 2) & 3) * ZERO_MISSING, column("left_child", np.int64), column("right_child", np.int64), leaves)
    return trees, 0.0


def require(where, what, required, found):
    if required != found:
        raise BadInput(f"{where}: {what} must be {required}, found {found}")


def number_splits(members, np):
    """Distinct (feature, threshold, flags) of all members and every node's number among them."""
    columns = [np.concatenate([trees.joined(name, dtype) for trees in members]) for name, dtype in (("feature", np.int64), ("threshold", np.float64), ("flags", np.int64))]
    thresholds, which = np.unique(columns[1], return_inverse=True)
    keys, numbers = np.unique((which * 256 + columns[0]) * 16 + columns[2], return_inverse=True)
    if len(keys) > MOST_SPLITS:
        raise BadInput(f"an ensemble must have at most {MOST_SPLITS} distinct splits, found {len(keys)}")
    return {"splitFeature": (keys // 16 % 256).astype(np.uint8), "splitThreshold": thresholds[keys // 4096], "splitFlags": (keys % 16).astype(np.uint8), "nodeSplit": numbers.reshape(-1).astype(np.uint16)}


def convert_ensemble(model, folders, probes, np):
    library_name, target = MODELS[model]
    library = load_module(library_name, f"the {model} members")
    label = label_of(model, folders)
    vectors = np.array(probes["vectors"], np.float64)
    members, trees, predictions = [], [], []
    for done, folder in enumerate(folders):
        say(progress=label, done=done, total=len(folders))
        where = str(folder / MEMBER)
        booster = unpickle(where, library)
        read = xgboost_trees if library_name == "xgboost" else lightgbm_trees
        try:
            one, base = read(booster, np, where, len(probes["features"]))
            predictions.append(np.asarray(booster.predict(library.DMatrix(vectors) if library_name == "xgboost" else vectors), np.float64).reshape(-1))
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise BadInput(f"{where} must be a model as {library_name} {library.__version__} writes it, got {type(error).__name__}: {first_line(error)}")
        if not np.isfinite(one.joined("leaves", np.float64)).all() or not np.isfinite(one.joined("threshold", np.float64)).all() or not np.isfinite(base):
            raise BadInput(f"{where}: leaves, thresholds and base score must be finite, found one that is not")
        members.append({"folder": folder.name, "trees": len(one.sizes), "baseScore": base})
        trees.append(one)
        del booster
        gc.collect()
    say(progress=label, done=len(folders), total=len(folders))
    leaf_type = np.float32 if library_name == "xgboost" else np.float64
    tensors = number_splits(trees, np)
    tensors["treeNodes"] = np.concatenate([np.array(one.sizes, np.uint32) for one in trees])
    for name, attribute, dtype in (("nodeLeft", "left", np.int32), ("nodeRight", "right", np.int32), ("leafValue", "leaves", leaf_type)):
        tensors[name] = np.concatenate([one.joined(attribute, dtype) for one in trees])
    tensors["probeValues"] = np.stack(predictions)
    entry = {"name": model, "label": label, "target": target, "precision": "float32" if library_name == "xgboost" else "float64", "members": members, "library": f"{library_name} {library.__version__}"}
    return entry, {f"{model}.{name}": values for name, values in tensors.items()}


DTYPES = {"float64": "F64", "float32": "F32", "int32": "I32", "uint32": "U32", "uint16": "U16", "uint8": "U8"}


def write_safetensors(path, tensors, metadata):
    """Wider types first, so that every tensor is aligned. The header is padded to a multiple of 8 bytes."""
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header, at, digest = {}, 0, hashlib.sha256()
    for name in names:
        raw = tensors[name].tobytes()
        digest.update(raw)
        header[name] = {"dtype": DTYPES[tensors[name].dtype.name], "shape": list(tensors[name].shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
    text = json.dumps({"__metadata__": {**metadata, "sha256": digest.hexdigest()}, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "xb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(tensors[name].tobytes())
        file.flush()
        os.fsync(file.fileno())


def main():
    root, out = Path(sys.argv[1]), sys.argv[2]
    probes = json.load(sys.stdin)
    members, skipped = find_members(root)
    np = load_module("numpy", "the conversion")
    if skipped:
        say(skipped=skipped)
    entries, tensors = [], {"probeCodes": np.array(probes["codes"], np.uint32)}
    for model in sorted(members):
        entry, arrays = convert_ensemble(model, members[model], probes, np)
        entries.append(entry)
        tensors.update(arrays)
    features = json.dumps(probes["features"], separators=(",", ":"))
    write_safetensors(out, tensors, {"format": "archwalk-nasbench301-ensembles", "version": "1", "features": features, "ensembles": json.dumps(entries)})
    say(ensembles=entries)


if __name__ == "__main__":
    try:
        main()
    except BadInput as problem:
        say(error=str(problem))
        sys.exit(2)
    except OSError as problem:
        say(error=f"the files must be readable and the target writable, got {first_line(problem)}")
        sys.exit(2)
