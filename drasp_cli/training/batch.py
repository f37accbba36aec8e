"""One step's worth of clips, as the losses see it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Rows belong together; NaN and `NOT_MENTIONED` mark what is unknown.

    Attributes:
        sound: one window of each clip, as the predictor's front end stores it: log-mels (batch, frames, mels) in dB, or
            samples (batch, window_samples) with zeros behind the real ones.
        tokens: (batch, tokens) int64, or None.
        ratings: (batch, axes).
        heard: (batch, attributes) int64, or None.
        asked: (batch, attributes) int64, or None.
        causes: (batch, causes), or None.
        num_samples: (batch,) int64, real samples of each window; None where `sound` is no samples.
        worse: (clips, steps, ...) as `sound`, the first clips made worse (`worse.py`, `worse_samples.py`), or None.
        worse_by: (clips, steps), how much worse than the step before, 0 to 1; with `worse`.
    """

    sound: Tensor
    tokens: Tensor | None
    ratings: Tensor
    heard: Tensor | None = None
    asked: Tensor | None = None
    causes: Tensor | None = None
    num_samples: Tensor | None = None
    worse: Tensor | None = None
    worse_by: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same clips on `device`."""
        columns: dict[str, Tensor] = {name: column for name, column in vars(self).items() if column is not None}
        return replace(self, **{name: column.to(device) for name, column in columns.items()})
