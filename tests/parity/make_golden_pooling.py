"""Makes golden/pooling.safetensors: all ten poolings by plain loops over one frame and one feature at a time.

Written from the equations (DRASP paper, section III; docs/poolings.md for the multi-head ones) in float64 numpy, and on
purpose without a line of drasp_cli: two implementations that share code share their mistakes.

    python tests/parity/make_golden_pooling.py

Tensors: `frames`, `mask`, and for each case `<name>/<case>/parameter/<name in the state dict>`, `/embedding`, and where
the pooling has attention, `/weights`. For the segmental ones, `/segments` holds the segment means (NaN where no frame
is real). The metadata's one key, `about`, holds the configuration of each case and what made the file, as JSON.
"""

from __future__ import annotations

import json
import math
import platform
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

GOLDEN = Path(__file__).parent / "golden" / "pooling.safetensors"
SEED = 20251021
DIM = 8
NUM_FRAMES = 11
EPS = 1e-5
ALPHA, BETA = 0.7, -0.4
CONFIGS = {
    "default": {"segment_size": 4, "partial_segment": "masked", "num_heads": 4},
    "zero": {"segment_size": 4, "partial_segment": "zero", "num_heads": 2},
    "single": {"segment_size": 1, "partial_segment": "masked", "num_heads": 1},
}

# ------------------------------------------------------------------------------------------------ the equations


def softmax(scores):
    largest = max(scores, default=0.0)
    exponentials = [math.exp(z - largest) for z in scores]
    return [e / sum(exponentials) for e in exponentials]


def score(x, p):  # eq. 2
    total = 0.0
    for row in range(DIM):
        inner = p["sap_linear.bias"][row]
        for column in range(DIM):
            inner += p["sap_linear.weight"][row][column] * x[column]
        total += p["attention"][row][0] * math.tanh(inner)
    return total


def mean(units, weights):
    return [sum(w * x[d] for w, x in zip(weights, units, strict=True)) for d in range(DIM)]


def std(units, weights):
    mu = mean(units, weights)
    return [
        math.sqrt(max(sum(w * x[d] ** 2 for w, x in zip(weights, units, strict=True)) - mu[d] ** 2, EPS))
        for d in range(DIM)
    ]


def segments(frames, mask, config):  # eq. 1
    """Mean of each segment, or None where none of its frames is real."""
    size, means = config["segment_size"], []
    for start in range(0, NUM_FRAMES, size):
        members = [frames[t] for t in range(start, min(start + size, NUM_FRAMES)) if mask[t]]
        divisor = size if config["partial_segment"] == "zero" else len(members)
        means.append([sum(x[d] for x in members) / divisor for d in range(DIM)] if members else None)
    return means


def spread(weights, is_real):
    """Weights of the real units, with 0 at the places of the others."""
    remaining = iter(weights)
    return [next(remaining) if real else 0.0 for real in is_real]


def attentive(units, p):
    """(units with None for the unreal) -> real units, their weights, weights at all places."""
    real = [u for u in units if u is not None]
    weights = softmax([score(u, p) for u in real])
    return real, weights, spread(weights, [u is not None for u in units])


def only_real(frames, mask):
    return [x if m else None for x, m in zip(frames, mask, strict=True)]


def equal(frames, mask):
    real = [x for x, m in zip(frames, mask, strict=True) if m]
    return real, [1 / len(real)] * len(real) if real else []


def temporal_average(frames, mask, p, config):
    return {"embedding": mean(*equal(frames, mask))}


def temporal_statistics(frames, mask, p, config):
    return {"embedding": mean(*equal(frames, mask)) + std(*equal(frames, mask))}


def self_attentive(frames, mask, p, config):
    real, weights, shown = attentive(only_real(frames, mask), p)
    return {"embedding": mean(real, weights), "weights": shown}


def attentive_statistics(frames, mask, p, config):
    real, weights, shown = attentive(only_real(frames, mask), p)
    return {"embedding": mean(real, weights) + std(real, weights), "weights": shown}


def segmental_attentive(frames, mask, p, config):
    units = segments(frames, mask, config)
    real, weights, shown = attentive(units, p)
    return {"embedding": mean(real, weights), "weights": shown, "segments": blanked(units)}


def segmental_attentive_statistics(frames, mask, p, config):
    units = segments(frames, mask, config)
    real, weights, shown = attentive(units, p)
    return {"embedding": mean(real, weights) + std(real, weights), "weights": shown, "segments": blanked(units)}


def blanked(units):
    return [[math.nan] * DIM if u is None else u for u in units]


def fused(whole, local, p):  # eq. 5
    pairs = zip(whole["embedding"], local["embedding"], strict=True)
    return {**local, "embedding": [float(p["alpha"]) * a + float(p["beta"]) * b for a, b in pairs]}


def inner(p, prefix):
    return {name.removeprefix(prefix): value for name, value in p.items() if name.startswith(prefix)}


def dual_resolution_attentive(frames, mask, p, config):
    local = segmental_attentive(frames, mask, inner(p, "gsap."), config)
    return fused(temporal_average(frames, mask, p, config), local, p)


def dual_resolution_attentive_statistics(frames, mask, p, config):
    local = segmental_attentive_statistics(frames, mask, inner(p, "gasp."), config)
    return fused(temporal_statistics(frames, mask, p, config), local, p)


def multi_head_attentive(frames, mask, p, config):
    heads, embedding, shown = config["num_heads"], [], []
    width = DIM // heads
    for head in range(heads):
        real = [list(x[head * width : (head + 1) * width]) for x, m in zip(frames, mask, strict=True) if m]
        scores = [sum(p["attention"][head][d] * x[d] for d in range(width)) / math.sqrt(width) for x in real]
        weights = softmax(scores)
        embedding += [sum(w * x[d] for w, x in zip(weights, real, strict=True)) for d in range(width)]
        shown.append(spread(weights, mask))
    return {"embedding": embedding, "weights": shown}


def multi_resolution_multi_head_attentive(frames, mask, p, config):
    embedding, shown = [], []
    real = [x for x, m in zip(frames, mask, strict=True) if m]
    for head in range(config["num_heads"]):
        own = {**p, "attention": p["attention"][:, head : head + 1]}
        temperature = [1, 1, 5, 5][head]
        weights = softmax([score(x, own) / temperature for x in real])
        embedding += mean(real, weights)
        shown.append(spread(weights, mask))
    return {"embedding": embedding, "weights": shown}


# --------------------------------------------------------------------------------------------- inputs and file


def attention_shapes(columns=1):
    return {"sap_linear.weight": (DIM, DIM), "sap_linear.bias": (DIM,), "attention": (DIM, columns)}


def dual_shapes(prefix):
    return {**{f"{prefix}{name}": shape for name, shape in attention_shapes().items()}, "alpha": (), "beta": ()}


POOLINGS = {
    "TemporalAverage": (temporal_average, lambda heads: {}),
    "TemporalStatistics": (temporal_statistics, lambda heads: {}),
    "SelfAttentive": (self_attentive, lambda heads: attention_shapes()),
    "AttentiveStatistics": (attentive_statistics, lambda heads: attention_shapes()),
    "SegmentalAttentive": (segmental_attentive, lambda heads: attention_shapes()),
    "SegmentalAttentiveStatistics": (segmental_attentive_statistics, lambda heads: attention_shapes()),
    "DualResolutionAttentive": (dual_resolution_attentive, lambda heads: dual_shapes("gsap.")),
    "DualResolutionAttentiveStatistics": (dual_resolution_attentive_statistics, lambda heads: dual_shapes("gasp.")),
    "MultiHeadAttentive": (multi_head_attentive, lambda heads: {"attention": (heads, DIM // heads)}),
    "MultiResolutionMultiHeadAttentive": (multi_resolution_multi_head_attentive, attention_shapes),
}


def make_inputs(rng):
    """Five rows: full, padded inside a segment, one frame, holes, nothing real. Padding is NaN, inf, and large."""
    mask = np.zeros((5, NUM_FRAMES), dtype=bool)
    mask[0] = True
    mask[1, :6] = True
    mask[2, :1] = True
    mask[3, [0, 2, 3, 8, 10]] = True
    frames = rng.normal(0.3, 1.5, size=(5, NUM_FRAMES, DIM))
    frames[~mask] = rng.choice([np.nan, np.inf, -np.inf, 1e30], size=(int((~mask).sum()), DIM))
    return frames, mask


def make_parameters(rng, shapes):
    parameters = {name: rng.normal(0, 0.8, size=shape) for name, shape in shapes.items()}
    fixed = {"alpha": np.array(ALPHA), "beta": np.array(BETA)}
    return {name: fixed.get(name, np.asarray(value)) for name, value in parameters.items()}


def main():
    rng = np.random.default_rng(SEED)
    frames, mask = make_inputs(rng)
    tensors = {"frames": frames, "mask": mask}
    for name, (pooling, shapes) in POOLINGS.items():
        for case, config in CONFIGS.items():
            parameters = make_parameters(rng, shapes(config["num_heads"]))
            rows = [pooling(frames[i], mask[i], parameters, config) for i in range(len(frames))]
            prefix = f"{name}/{case}"
            tensors.update({f"{prefix}/parameter/{key}": value for key, value in parameters.items()})
            tensors.update({f"{prefix}/{key}": np.array([row[key] for row in rows]) for key in rows[0]})
    GOLDEN.parent.mkdir(exist_ok=True)
    about = {
        "made_by": "tests/parity/make_golden_pooling.py",
        "seed": SEED,
        "dim": DIM,
        "eps": EPS,
        "configs": CONFIGS,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    # One metadata key: safetensors writes several in an order of its own, and the file would differ from run to run.
    save_file(
        {key: np.asarray(value, order="C") for key, value in tensors.items()}, GOLDEN, {"about": json.dumps(about)}
    )
    print(f"{GOLDEN}: {len(tensors)} tensors, {GOLDEN.stat().st_size} bytes")


if __name__ == "__main__":
    main()
