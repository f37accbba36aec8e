"""What every pooling takes and gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from drasp_cli.models.masks import checked_mask, zero_padding


class Pooled(NamedTuple):
    """What a pooling says about a batch.

    Attributes:
        embedding: (batch, out_dim), in the dtype of the frames.
        weights: the attention behind it, for display, at least float32: (batch, frames), (batch, segments), or
            (batch, heads, frames). Each row is >= 0 and sums to 1. None where there is no attention.
        branches: the two summands of the embedding of a dual-resolution pooling, both (batch, out_dim): first that of
            the whole clip, then that of its segments. None for the others.
    """

    embedding: Tensor
    weights: Tensor | None = None
    branches: tuple[Tensor, Tensor] | None = None


class Pooling(nn.Module, ABC):
    """Summarises a sequence of frames, of which some may be padding, as one vector.

    Held by every pooling, and tested for each:

    - Padding changes nothing, whatever it contains, NaN and inf included, and gets exactly zero gradient.
    - A clip alone equals the clip inside any batch, up to rounding: 1e-5 in float32, 1e-12 in float64, for features of
      about unit size. (A standard deviation has as many digits as E[x^2] - mu^2 leaves it: see `statistics`.)
    - A row with no real frame has a declared result: mean 0, standard deviation sqrt(eps), weights 0.
    - Everything inside is float32, or float64 for float64 frames, also under autocast and for half-precision
      parameters: E[x^2] - mu^2 in bfloat16 would be noise. Only the result is rounded to the dtype of the frames.

    A subclass writes its equation as `pool` and need not think of padding content or dtype.

    Args:
        dim: width of a frame.
        out_dim: width of the embedding.
    """

    def __init__(self, dim: int, out_dim: int) -> None:
        super().__init__()
        self._dim = dim
        self._out_dim = out_dim

    @property
    def dim(self) -> int:
        """Width of a frame."""
        return self._dim

    @property
    def out_dim(self) -> int:
        """Width of the embedding."""
        return self._out_dim

    @property
    def frames_per_weight(self) -> int:
        """Consecutive frames that one attention weight stands for: those of a segment, or 1."""
        return 1

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> Pooled:
        """(batch, frames, dim), (batch, frames) bool with True = real -> Pooled with embedding (batch, out_dim).

        Raises:
            ValueError: the frames are not (batch, frames, dim), or the mask is not bool of their shape.
        """
        if frames.ndim != 3 or frames.shape[-1] != self.dim:
            raise ValueError(f"frames must have shape (batch, frames, {self.dim}), not {tuple(frames.shape)}")
        mask = checked_mask(frames, mask)
        with torch.autocast(frames.device.type, enabled=False):
            precise = frames.to(torch.promote_types(frames.dtype, torch.float32))
            pooled = self.pool(zero_padding(precise, mask), mask)
        return pooled._replace(embedding=pooled.embedding.to(frames.dtype))

    @abstractmethod
    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """The pooling's equation: (batch, frames, dim) with zeros as padding, (batch, frames) bool -> Pooled."""

    def extra_repr(self) -> str:
        """Shown by `print(model)`."""
        return f"{self.dim} -> {self.out_dim}"
