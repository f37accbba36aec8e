"""How much of a batch is computed at once on a CPU, when nothing is learned.

The C library gives blocks above 32 MiB back to the system at once, so a larger tensor is made of fresh pages each time:
with eight windows of the full size that was 32,000 page faults a window in HTSAT, and a third of the time in WavLM. A
batch is therefore computed in pieces whose tensors stay below that, and within reach of the caches. On a GPU, and where
gradients are wanted, everything is kept anyway.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

LARGEST_ACTIVATION: Final = 23 << 20
"""Bytes of the largest tensor between two layers."""


def in_pieces(x: Tensor) -> bool:
    """Whether to compute on `x` piece by piece."""
    return not torch.is_grad_enabled() and x.device.type == "cpu"


def at_once(bytes_of_one: int, most_bytes: int) -> int:
    """How many of what takes so many bytes in its largest tensor; at least one.

    >>> at_once(8, 23), at_once(100, 23)
    (2, 1)
    """
    return max(1, most_bytes // bytes_of_one)
