"""The pooling's own account of a window: its weights, and how large its two branches are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from drasp_cli.models.interface import Heard, Predictor
from drasp_cli.models.pooling.fusion import DualResolutionPooling


@dataclass(frozen=True, slots=True)
class Attention:
    """What the pooling says of one stream of one window.

    Attributes:
        weights: (segments,) float64, of sum 1; None where it has none.
        norms: lengths of the two summands of the embedding, (whole clip, segments); None where there is but one.
    """

    weights: np.ndarray | None
    norms: tuple[float, float] | None


def attention_of(predictor: Predictor, heard: Heard, run: int) -> list[Attention]:
    """For each stream of one window, what the pooling says of it.

    Args:
        predictor: what heard it.
        heard: of one window, all of whose frames are real.
        run: frames in a segment, a multiple of those that one weight of the pooling stands for.
    """
    pooled = predictor.attend(heard)
    per_segment = run // predictor.pooling.frames_per_weight
    found = []
    for stream in range(len(heard.frames)):
        weights = None if pooled.weights is None else summed(pooled.weights[stream], per_segment).cpu().double().numpy()
        norms = None
        if pooled.branches is not None:
            whole, segments = (float(branch[stream].norm()) for branch in pooled.branches)
            norms = (whole, segments)
        found.append(Attention(weights, norms))
    return found


def summed(weights: Tensor, per_segment: int) -> Tensor:
    """Weights of segments: the sums over their units, and of several heads the mean.

    Args:
        weights: (units,) or (heads, units).
        per_segment: units in a segment; the last one may have fewer.

    >>> import torch
    >>> summed(torch.tensor([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]]), 2)
    tensor([0.6250, 0.3750])
    """
    if weights.ndim == 2:
        weights = weights.mean(dim=0)
    return F.pad(weights, (0, -len(weights) % per_segment)).view(-1, per_segment).sum(dim=1)


def fusion_weights(predictor: Predictor) -> tuple[float, float] | None:
    """What the whole clip and its segments are multiplied by, alpha and beta; None of a pooling without branches."""
    pooling = predictor.pooling
    return (pooling.alpha.item(), pooling.beta.item()) if isinstance(pooling, DualResolutionPooling) else None
