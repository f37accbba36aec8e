"""A predictor whose every answer can be worked out by hand: the score of a window is the mean of its samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
from torch import Tensor

from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.interface import Heard, Predictor
from drasp_cli.models.pooling import TemporalAverage
from tests.tiny import tiny_config, tiny_plain

FRAME = 1000  # samples; eight in a window of 8,000, of which four are a segment of half a second


class Loudness(Predictor):
    """MI is the mean of all frames, and a frame is the mean of its 1,000 samples, its fill included."""

    def __init__(self, fill: str = "repeat", window_seconds: int = 1) -> None:
        window = {"window_samples": 8000 * window_seconds, "fill": fill}
        audio = {"sample_rate": 8000, "frontend_sample_rate": 8000, **window}
        logmel = tiny_plain()["logmel"] | {
            "hop_size": 128 * window_seconds
        }  # never computed, and must fit all the same
        targets = {"MI": {"mean": 0.0, "std": 1.0}}
        super().__init__(tiny_config(audio=audio, logmel=logmel, axes=["MI"], targets=targets, text=None))
        self.pooling = TemporalAverage(1)

    @property
    def frame_hop(self) -> float:
        return float(FRAME)

    def stream_of(self, axis: str) -> int:
        return 0

    def hear(self, batch: WindowBatch) -> Heard:
        return Heard(batch.samples.unfold(1, FRAME, FRAME).mean(dim=-1)[None, :, :, None])

    def judge(self, heard: Heard, text: Tensor | None = None) -> Mapping[str, Tensor]:
        return {"MI": self.attend(heard).embedding[:, 0]}


def loudness(fill: str = "repeat", window_seconds: int = 1) -> Checkpoint:
    return Checkpoint("loudness", "0" * 12, Loudness(fill, window_seconds), None)


def write_levels(path: Path, levels: list[float], *, seconds: float = 0.5, rate: int = 8000) -> str:
    """A file of constant levels, one after another, each `seconds` long."""
    samples = np.repeat(np.array(levels, dtype=np.float32), math.floor(seconds * rate))
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return str(path)
