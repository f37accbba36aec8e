"""Masks: which frames are real.

A mask is bool, (batch, frames), True = real. The three functions here are the only places where padding is dealt with;
behind them, a frame that is not real has content 0 and weight 0.
"""

from __future__ import annotations

import torch
from torch import Tensor


def checked_mask(frames: Tensor, mask: Tensor | None) -> Tensor:
    """The mask of `frames`: the one given, or all real where none is given.

    Args:
        frames: (batch, frames, dim).
        mask: (batch, frames) bool, or None.

    Raises:
        ValueError: the mask is not bool, or not shaped like the frames. Both would broadcast or invert in silence.
    """
    if mask is None:
        return torch.ones(frames.shape[:2], dtype=torch.bool, device=frames.device)
    if mask.dtype != torch.bool or mask.shape != frames.shape[:2]:
        raise ValueError(
            f"mask must be bool of shape {tuple(frames.shape[:2])}, not {mask.dtype} of shape {tuple(mask.shape)}"
        )
    return mask


def zero_padding(frames: Tensor, mask: Tensor) -> Tensor:
    """`frames` with 0 wherever the mask is False, so that weight 0 times any content, NaN and inf too, is 0.

    Args:
        frames: (batch, frames, dim).
        mask: (batch, frames) bool.
    """
    return frames.masked_fill(~mask.unsqueeze(-1), 0.0)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the real entries of the last axis; the others get exactly 0.

    A row with no real entry is all 0, and is left unfilled on the way there: a softmax over -inf alone is NaN, which
    the last line would hide but anomaly detection would still find in the backward pass. The fill is -inf and not a
    large negative number, which would overflow in half precision.

    Args:
        scores: (..., units), finite.
        mask: bool, broadcastable to `scores`.

    >>> masked_softmax(torch.zeros(2, 3), torch.tensor([[True, True, False], [False, False, False]]))
    tensor([[0.5000, 0.5000, 0.0000],
            [0.0000, 0.0000, 0.0000]])
    """
    has_real = mask.any(dim=-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(~mask & has_real, float("-inf")), dim=-1)
    return weights.masked_fill(~mask, 0.0)
