"""archwalk's network and learner step in PyTorch, from our exported weights: the peer of the engine benchmark.

python3 torch_peer.py CASE.safetensors eager|compiled[-dense] f32|bf16 THREADS, then one JSON command a line on standard input:
{"q": true} gives the Q-values of the batch's states, {"work": "step" or a number of states, "count": n} the mean wall and processor
seconds of one. Fused Adam; attention by scaled_dot_product_attention; bf16 by autocast.

    python3 -m venv peers && peers/bin/pip install torch numpy
"""
import json
import resource
import struct
import sys
import time

import torch
import torch.nn.functional as F

DTYPES = {"F32": torch.float32, "I32": torch.int32}


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = bytearray(file.read())
    metadata = header.pop("__metadata__")
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = torch.frombuffer(body[begin:end], dtype=DTYPES[entry["dtype"]]).reshape(entry["shape"]).clone()
    return arrays, metadata


class Network:
    def __init__(self, weights, spec, dense):
        self.p = weights
        self.spec = spec
        self.dense = dense

    def embed(self, tokens):
        p, s = self.p, self.spec
        if self.dense:
            h = tokens["features"] @ p["token.kernel"]
        else:
            none = torch.zeros(1, s["width"])
            h = F.embedding_bag(tokens["ids"], torch.cat([p["token.kernel"], none]), mode="sum", padding_idx=s["featureRows"])
        role = torch.cat([p["position.role"][:1], p["position.role"][1:].expand(s["neighbours"], -1)])
        return h.reshape(-1, 1 + s["neighbours"], s["width"]) + (role + p["token.bias"])

    def dense_layer(self, x, name):
        return x @ self.p[name + ".kernel"] + self.p[name + ".bias"]

    def norm(self, x, name):
        return F.layer_norm(x, (self.spec["width"],), self.p[name + ".scale"], self.p[name + ".bias"], 1e-5)

    def q(self, tokens):
        s = self.spec
        T, D, H = 1 + s["neighbours"], s["width"], s["heads"]
        h = self.embed(tokens)
        B = h.shape[0]
        for i in range(s["layers"]):
            layer = f"layers.{i}"
            qkv = self.dense_layer(self.norm(h, layer + ".attention.norm"), layer + ".attention.qkv")
            query, key, value = qkv.reshape(B, T, 3, H, D // H).permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(query, key, value)
            h = h + self.dense_layer(mixed.transpose(1, 2).reshape(B, T, D), layer + ".attention.output")
            hidden = F.gelu(self.dense_layer(self.norm(h, layer + ".feedForward.norm"), layer + ".feedForward.hidden"))
            h = h + self.dense_layer(hidden, layer + ".feedForward.output")
        y = self.norm(h, "final.norm")
        advantages = (y[:, 1:] @ self.p["heads.advantage.kernel"]).squeeze(-1)
        value = self.dense_layer(y[:, 0], "heads.value")
        return (value + advantages - advantages.mean(1, keepdim=True)).float()


class Case:
    def __init__(self, path, way, precision):
        arrays, metadata = read_safetensors(path)
        self.spec = json.loads(metadata["spec"])
        assert self.spec["positionalEncoding"] == "role" and self.spec["dueling"]
        dense = way.endswith("-dense")
        columns = ("actions", "nStepReturns", "discounts", "importanceWeights")
        data = columns + tuple(f"{state}.{field}" for state in ("state", "next") for field in ("ids", "counts"))
        # Every slot is filled, so that no attention mask is needed: the fastest case for the peer.
        assert bool((arrays["state.counts"] == self.spec["neighbours"]).all()) and bool((arrays["next.counts"] == self.spec["neighbours"]).all())
        self.columns = {name: arrays[name] for name in columns}
        self.state = self.tokens(arrays["state.ids"], dense)
        self.next = self.tokens(arrays["next.ids"], dense)
        weights = {name: values for name, values in arrays.items() if name not in data}
        self.online = Network({name: values.clone().requires_grad_() for name, values in weights.items()}, self.spec, dense)
        self.target = Network({name: values.clone() for name, values in weights.items()}, self.spec, dense)
        self.parameters = list(self.online.p.values())
        self.optimizer = torch.optim.Adam(self.parameters, lr=float(metadata["learningRate"]), fused=True)
        self.clip = float(metadata["clipNorm"])
        self.bf16 = precision == "bf16"
        compiled = way.startswith("compiled")
        wrap = (lambda f: torch.compile(f, dynamic=False)) if compiled else (lambda f: f)
        # A network of its own for inference, so that the compiler does not specialise one on the other's use.
        self.actor = Network({name: values.clone() for name, values in weights.items()}, self.spec, dense)
        self.loss = wrap(self.loss_of)
        self.actor_q = wrap(self.actor.q)

    def tokens(self, ids, dense):
        ids = ids.reshape(-1, ids.shape[-1]).long()
        if not dense:
            return {"ids": ids}
        features = torch.zeros(ids.shape[0], self.spec["featureRows"] + 1)
        features.scatter_add_(1, ids, torch.ones(ids.shape))
        return {"features": features[:, :-1].contiguous()}

    def loss_of(self):
        c = self.columns
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            with torch.no_grad():
                best = self.online.q(self.next).argmax(1, keepdim=True)
                targets = c["nStepReturns"] + c["discounts"] * self.target.q(self.next).gather(1, best)[:, 0]
            taken = self.online.q(self.state).gather(1, c["actions"].long()[:, None])[:, 0]
        errors = targets - taken
        loss = (c["importanceWeights"] * F.huber_loss(taken, targets, reduction="none")).mean()
        return loss, errors, taken.mean()

    def step(self):
        self.optimizer.zero_grad()
        loss, errors, mean_q = self.loss()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.clip)
        self.optimizer.step()
        return errors.detach().numpy(), loss.item(), norm.item(), mean_q.item()

    def infer(self, states):
        rows = states * (1 + self.spec["neighbours"])
        tokens = {name: values[:rows] for name, values in self.state.items()}
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            return self.actor_q(tokens).numpy()


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    path, way, precision, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    case = Case(path, way, precision)
    for line in sys.stdin:
        command = json.loads(line)
        if "q" in command:
            answer = case.infer(len(case.columns["actions"])).reshape(-1).tolist()
        else:
            used, start = processor_seconds(), time.perf_counter()
            for _ in range(command["count"]):
                case.step() if command["work"] == "step" else case.infer(command["work"])
            answer = {"seconds": (time.perf_counter() - start) / command["count"], "processorSeconds": (processor_seconds() - used) / command["count"]}
        print(json.dumps(answer), flush=True)


main()
