"""Segments of consecutive frames, and the two poolings that weigh each segment.

    a_s = (1/n) sum_{t in segment s} x_t      DRASP paper, eq. 1

    frames    x x x x | x x x x | x . . .         n = 4, nine real frames, three of padding
    segments     a1        a2       a3

Segments are by position: frames 0 to n-1 are the first, whatever the mask says. The paper assumes that n divides T.
Where a segment has fewer than n real frames (the end of the clip, or a hole in the mask), its mean is one of two:

    "masked"   over its real frames alone: a3 = x. The default, and the research code's Track 2 (Audiobox).
    "zero"     zeros for the missing frames and still divided by n: a3 = x / 4. The research code's Track 1 (CLAP),
               for checkpoints trained so.

A segment with no real frame does not exist: it gets weight 0, and padding a clip further changes nothing.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from drasp_cli.models.pooling.attention import AttentivePooling
from drasp_cli.models.pooling.interface import Pooled
from drasp_cli.models.pooling.statistics import EPS, weighted_mean, weighted_mean_and_std

SEGMENT_SIZE = 4
MASKED, ZERO = "masked", "zero"


def segment_means(frames: Tensor, mask: Tensor, size: int, partial: str) -> tuple[Tensor, Tensor]:
    """Mean frame of each segment, and which segments are real.

    Args:
        frames: (batch, frames, dim), with zeros as padding.
        mask: (batch, frames) bool.
        size: frames in a segment, n.
        partial: "masked" or "zero", see the module docstring.

    Returns:
        (batch, segments, dim) and (batch, segments) bool, with segments = ceil(frames / size).

    >>> import torch
    >>> ones, real = torch.ones(1, 5, 1), torch.ones(1, 5, dtype=torch.bool)
    >>> segment_means(ones, real, size=4, partial="masked")[0].flatten()
    tensor([1., 1.])
    >>> segment_means(ones, real, size=4, partial="zero")[0].flatten()
    tensor([1.0000, 0.2500])
    """
    batch, num_frames, dim = frames.shape
    missing = -num_frames % size
    num_segments = (num_frames + missing) // size
    totals = F.pad(frames, (0, 0, 0, missing)).reshape(batch, num_segments, size, dim).sum(dim=2)
    counts = F.pad(mask, (0, missing)).reshape(batch, num_segments, size).sum(dim=2)
    divisors = counts.clamp(min=1).unsqueeze(-1) if partial == MASKED else size
    return totals / divisors, counts > 0


class SegmentalAttentive(AttentivePooling):
    """p = mu~, the attention-weighted mean of the segments (DRASP paper, eqs. 1 to 3 and the first half of 4).

    Args:
        dim: width of a frame, and of the embedding.
        segment_size: frames in a segment; with 1 this is SelfAttentive.
        partial_segment: "masked" or "zero".
    """

    def __init__(self, dim: int, segment_size: int = SEGMENT_SIZE, partial_segment: str = MASKED) -> None:
        super().__init__(dim, out_dim=dim)
        self.segment_size = segment_size
        self.partial_segment = partial_segment

    @property
    def frames_per_weight(self) -> int:
        """The segment size."""
        return self.segment_size

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Weighted mean; weights (batch, segments)."""
        segments, real = segment_means(frames, mask, self.segment_size, self.partial_segment)
        weights = self.attend(segments, real)
        return Pooled(weighted_mean(segments, weights), weights)


class SegmentalAttentiveStatistics(AttentivePooling):
    """p = [mu~; sigma~], attention-weighted mean and standard deviation of the segments (DRASP paper, eqs. 1 to 4).

    Args:
        dim: width of a frame; the embedding is twice as wide.
        segment_size: frames in a segment; with 1 this is AttentiveStatistics.
        partial_segment: "masked" or "zero".
        eps: smallest variance.
    """

    def __init__(
        self, dim: int, segment_size: int = SEGMENT_SIZE, partial_segment: str = MASKED, eps: float = EPS
    ) -> None:
        super().__init__(dim, out_dim=2 * dim)
        self.segment_size = segment_size
        self.partial_segment = partial_segment
        self.eps = eps

    @property
    def frames_per_weight(self) -> int:
        """The segment size."""
        return self.segment_size

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Weighted mean and standard deviation; weights (batch, segments)."""
        segments, real = segment_means(frames, mask, self.segment_size, self.partial_segment)
        weights = self.attend(segments, real)
        return Pooled(weighted_mean_and_std(segments, weights, self.eps), weights)
