"""Weighted moments over time, and the two poolings that weigh all frames alike.

    mu    = sum_t w_t x_t
    sigma = sqrt(max(sum_t w_t x_t^2 - mu^2, eps))            elementwise, eps = 1e-5

DRASP paper, eq. 4; equal weights w_t = 1/T make it the global branch (section III-A). The floor eps is the research
code's and not in the paper: without it, a constant feature would have an infinite gradient.

The form E[x^2] - mu^2 loses digits when the mean is large against the spread: in float32 the difference carries an
error of about 1e-7 mu^2, in which a spread below 3e-4 |mu| drowns. The better conditioned E[(x - mu)^2] would give
other numbers there, and trained weights expect these, so the form stays.
"""

from __future__ import annotations

import torch
from torch import Tensor

from drasp_cli.models.pooling.interface import Pooled, Pooling

EPS = 1e-5
"""Smallest variance, so that the standard deviation of a constant is sqrt(1e-5) = 0.0032 with a finite gradient."""


def equal_weights(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """1 / (number of real frames) for each real frame, 0 for the others and for a row with none.

    Args:
        mask: (batch, frames) bool.
        dtype: of the weights.
    """
    real = mask.to(dtype)
    return real / real.sum(dim=-1, keepdim=True).clamp(min=1.0)


def weighted_mean(units: Tensor, weights: Tensor) -> Tensor:
    """sum_t w_t x_t: (..., units, dim), (..., units) -> (..., dim).

    >>> weighted_mean(torch.tensor([[1.0, 10.0], [5.0, 30.0]]), torch.tensor([0.75, 0.25]))
    tensor([ 2., 15.])
    """
    # Not a matrix product, which adds the terms up one by one: over 1,024 frames that are nearly alike its rounding,
    # squared and subtracted, moves a standard deviation (and MI by 2e-4). A sum adds in blocks, as the reference does.
    return (weights.unsqueeze(-1) * units).sum(dim=-2)


def weighted_mean_and_std(units: Tensor, weights: Tensor, eps: float) -> Tensor:
    """[mu; sigma] as in the module docstring: (..., units, dim), (..., units) -> (..., 2 * dim).

    >>> weighted_mean_and_std(torch.tensor([[1.0], [5.0]]), torch.tensor([0.75, 0.25]), eps=1e-5) ** 2
    tensor([4., 3.])
    """
    mean = weighted_mean(units, weights)
    variance = weighted_mean(units.square(), weights) - mean.square()
    return torch.cat((mean, variance.clamp(min=eps).sqrt()), dim=-1)


class TemporalAverage(Pooling):
    """p = mu, all frames alike.

    Args:
        dim: width of a frame, and of the embedding.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim, out_dim=dim)

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Mean of the real frames; no attention weights."""
        return Pooled(weighted_mean(frames, equal_weights(mask, frames.dtype)))


class TemporalStatistics(Pooling):
    """p = [mu; sigma], all frames alike.

    Statistics pooling of Snyder et al., Interspeech 2017; the global branch of DRASP (paper, section III-A).

    Args:
        dim: width of a frame; the embedding is twice as wide.
        eps: smallest variance.
    """

    def __init__(self, dim: int, eps: float = EPS) -> None:
        super().__init__(dim, out_dim=2 * dim)
        self.eps = eps

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Mean and standard deviation of the real frames; no attention weights."""
        return Pooled(weighted_mean_and_std(frames, equal_weights(mask, frames.dtype), self.eps))
