"""Two resolutions fused: the whole clip, and its salient segments.

    p = alpha [mu; sigma] + beta [mu~; sigma~]            DRASP paper, eq. 5

[mu; sigma] are the equal-weight statistics of all frames, [mu~; sigma~] the attention-weighted ones of the segments.
alpha starts at 1 and beta at 0, so an untrained DRASP is plain statistics pooling: on the first step beta gets a
gradient, and the attention behind it gets exactly none.

alpha and beta are 0-dimensional; PyTorch also loads a saved shape (1,) into them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from drasp_cli.models.pooling.interface import Pooled, Pooling
from drasp_cli.models.pooling.segments import (
    MASKED,
    SEGMENT_SIZE,
    SegmentalAttentive,
    SegmentalAttentiveStatistics,
)
from drasp_cli.models.pooling.statistics import EPS, TemporalAverage, TemporalStatistics


class DualResolutionPooling(Pooling):
    """The fusion of eq. 5 for any two poolings of one width.

    Args:
        dim: width of a frame.
        out_dim: width of both branches, and of the embedding.
    """

    def __init__(self, dim: int, out_dim: int) -> None:
        super().__init__(dim, out_dim)
        self.alpha = nn.Parameter(torch.tensor(1.0))
        self.beta = nn.Parameter(torch.tensor(0.0))

    def fuse(self, whole: Pooled, local: Pooled) -> Pooled:
        """Embedding alpha * whole + beta * local, with both summands and the attention weights of `local`."""
        branches = self.alpha * whole.embedding, self.beta * local.embedding
        return Pooled(branches[0] + branches[1], local.weights, branches)


class DualResolutionAttentive(DualResolutionPooling):
    """p = alpha mu + beta mu~: eq. 5 without the standard deviations.

    Args:
        dim: width of a frame, and of the embedding.
        segment_size: frames in a segment.
        partial_segment: "masked" or "zero", see `segments`.
    """

    def __init__(self, dim: int, segment_size: int = SEGMENT_SIZE, partial_segment: str = MASKED) -> None:
        super().__init__(dim, out_dim=dim)
        self.tap = TemporalAverage(dim)
        self.gsap = SegmentalAttentive(dim, segment_size, partial_segment)

    @property
    def frames_per_weight(self) -> int:
        """The segment size."""
        return self.gsap.segment_size

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Fused mean; weights (batch, segments)."""
        return self.fuse(self.tap(frames, mask), self.gsap(frames, mask))


class DualResolutionAttentiveStatistics(DualResolutionPooling):
    """DRASP. p = alpha [mu; sigma] + beta [mu~; sigma~]: eq. 5.

    Args:
        dim: width of a frame; the embedding is twice as wide.
        segment_size: frames in a segment.
        partial_segment: "masked" or "zero", see `segments`.
        eps: smallest variance.
    """

    def __init__(
        self, dim: int, segment_size: int = SEGMENT_SIZE, partial_segment: str = MASKED, eps: float = EPS
    ) -> None:
        super().__init__(dim, out_dim=2 * dim)
        self.tsp = TemporalStatistics(dim, eps)
        self.gasp = SegmentalAttentiveStatistics(dim, segment_size, partial_segment, eps)

    @property
    def frames_per_weight(self) -> int:
        """The segment size."""
        return self.gasp.segment_size

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Fused mean and standard deviation; weights (batch, segments)."""
        return self.fuse(self.tsp(frames, mask), self.gasp(frames, mask))
