"""What a window scores without each of its segments.

    y      = judge(all frames)
    y_(-s) = judge(all frames but those of segment s)          one more row of the mask for each s

The tower has heard everything and is run once: what is left out is left out of the pooling, of both branches where
there are two, and the weights of the other segments grow to sum to 1 again. A text stays what it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from drasp_cli.models.interface import Heard, Predictor

_ELEMENTS = 1 << 23  # numbers of frames that are pooled at once: 32 MiB in fp32, and a few copies of it


def keep_all_but_one(num_frames: int, run: int) -> Tensor:
    """Masks: the first keeps all frames, each other one all but those of one segment.

    Args:
        num_frames: of the window.
        run: frames in a segment; the last one may have fewer.

    Returns:
        (1 + segments, frames) bool; the first row alone where there is one segment, without which nothing is left.

    >>> keep_all_but_one(5, 2).int().tolist()
    [[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 1], [1, 1, 1, 1, 0]]
    """
    segment_of = torch.arange(num_frames) // run
    num_segments = int(segment_of[-1]) + 1
    left_out = torch.arange(-1, num_segments if num_segments > 1 else 0)  # -1 is no segment
    return segment_of != left_out[:, None]


def judge_masked(predictor: Predictor, heard: Heard, text: Tensor | None, masks: Tensor) -> Mapping[str, np.ndarray]:
    """What a window gives under each of some masks; the rows are computed in parts of one fixed size.

    Args:
        predictor: what heard it.
        heard: of one window, all of whose frames are real.
        text: (embedding_dim,), or None.
        masks: (rows, frames) bool.

    Returns:
        axis -> (rows,) float64, or (rows, width) for an axis whose windows give more than a score.
    """
    streams, _, num_frames, dim = heard.frames.shape
    rows = max(1, _ELEMENTS // (streams * num_frames * dim))
    parts = []
    for part in torch.split(masks.to(heard.frames.device), rows):
        frames = heard.frames.expand(-1, len(part), -1, -1)
        parts.append(predictor.judge(Heard(frames, part), None if text is None else text.expand(len(part), -1)))
    return {axis: torch.cat([part[axis] for part in parts]).cpu().double().numpy() for axis in parts[0]}
