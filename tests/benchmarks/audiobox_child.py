"""One side of `audiobox_speed`, in a process of its own.

    python -m tests.benchmarks.audiobox_child SIDE MODEL BATCH_SIZE FOLDER ...

SIDE is `drasp` (MODEL: a checkpoint folder) or `reference` (MODEL: Meta's folder; run by an interpreter that has
audiobox-aesthetics 0.0.4). The model is loaded, one clip scored to warm up, then all clips of each FOLDER are timed.
Prints a JSON object: seconds, one for each folder; peak_mib; scores, (clips, axes) of each folder.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

AXES = ("PQ", "PC", "CE", "CU")
Score = Callable[[list[str]], list[list[float]]]


def drasp(model: str, batch_size: int) -> Score:
    """drasp's own pipeline: decoding, resampling, network."""
    from drasp_cli import load_predictor, score_clips
    from drasp_cli.datatypes import Clip

    checkpoint = load_predictor(model)

    def score(paths: list[str]) -> list[list[float]]:
        rows = score_clips(checkpoint, [Clip(path) for path in paths], batch_size=batch_size)
        return [[float(row.scores[axis] or "nan") for axis in AXES] for row in rows]

    return score


def reference(model: str, batch_size: int) -> Score:
    """The published pipeline around weights of ours. Audio is read by soundfile: torchaudio 2.11 needs torchcodec."""
    import soundfile
    import torch
    import torchaudio
    from audiobox_aesthetics import infer
    from audiobox_aesthetics.model import aes
    from safetensors.torch import load_file

    def load(path: str) -> tuple[torch.Tensor, int]:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return torch.from_numpy(samples.T.copy()), rate

    torchaudio.load = load
    network = aes.AesMultiOutput(**json.loads((Path(model) / "config.json").read_text(encoding="utf-8")))
    network.load_state_dict(load_file(Path(model) / "model.safetensors"))
    predictor = infer.AesPredictor.__new__(infer.AesPredictor)
    predictor.data_col, predictor.sample_rate = "path", 16000
    predictor.device, predictor.model = torch.device("cpu"), network.eval()
    predictor.target_transform = {axis: infer.Normalize(**target) for axis, target in network.target_transform.items()}

    def score(paths: list[str]) -> list[list[float]]:
        rows = []
        for first in range(0, len(paths), batch_size):
            rows += predictor.forward([{"path": path} for path in paths[first : first + batch_size]])
        return [[float(row[axis]) for axis in AXES] for row in rows]

    return score


def main() -> None:
    side, model, batch_size, *folders = sys.argv[1:]
    score = {"drasp": drasp, "reference": reference}[side](model, int(batch_size))
    clips = [sorted(str(path) for path in Path(folder).iterdir()) for folder in folders]
    score(clips[0][:1])
    seconds, scores = [], []
    for paths in clips:
        begun = time.perf_counter()
        scores.append(score(paths))
        seconds.append(time.perf_counter() - begun)
    per_mib = 1 << 20 if sys.platform == "darwin" else 1 << 10  # macOS counts bytes, Linux KiB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_mib
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "scores": scores}))


if __name__ == "__main__":
    main()
