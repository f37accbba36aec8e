"""Learned weights over time, and the two poolings that weigh each frame.

    z_t = v^T tanh(W x_t + b)                 DRASP paper, eq. 2
    w_t = exp(z_t) / sum_i exp(z_i)           eq. 3, i over the real units

W, b and v are `sap_linear.weight`, `sap_linear.bias` and `attention`: names and shapes are the research code's, so that
its state dicts load as they are, and so is the initial distribution of v.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from drasp_cli.models.linear import linear
from drasp_cli.models.masks import masked_softmax
from drasp_cli.models.pooling.interface import Pooled, Pooling
from drasp_cli.models.pooling.statistics import EPS, weighted_mean, weighted_mean_and_std


class AttentivePooling(Pooling):
    """A pooling with an attention of its own, over whatever it calls a unit: frames or segments.

    Args:
        dim: width of a unit.
        out_dim: width of the embedding.
        num_heads: attention vectors v that share W and b; each is a weighting of its own.
    """

    def __init__(self, dim: int, out_dim: int, num_heads: int = 1) -> None:
        super().__init__(dim, out_dim)
        self.sap_linear = nn.Linear(dim, dim)
        self.attention = nn.Parameter(nn.init.xavier_uniform_(torch.empty(dim, num_heads)))

    def scores(self, units: Tensor) -> Tensor:
        """Scores z of eq. 2, once for each head: (batch, units, dim) -> (batch, heads, units)."""
        # Half-precision parameters are widened to the precision of the units: see Pooling.
        weight, bias = self.sap_linear.weight.to(units.dtype), self.sap_linear.bias.to(units.dtype)
        hidden = torch.tanh(linear(units, weight, bias))
        return (hidden @ self.attention.to(units.dtype)).transpose(1, 2)

    def attend(self, units: Tensor, mask: Tensor) -> Tensor:
        """Weights w of eq. 3, for the one head: (batch, units, dim), (batch, units) bool -> (batch, units)."""
        return masked_softmax(self.scores(units).squeeze(1), mask)


class SelfAttentive(AttentivePooling):
    """p = mu~, the attention-weighted mean of the frames.

    Self-attentive pooling of Zhu et al., Interspeech 2018, with one head. Two differences, both of DRASP's eq. 2:
    tanh in place of ReLU, and a bias.

    Args:
        dim: width of a frame, and of the embedding.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim, out_dim=dim)

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Weighted mean; weights (batch, frames)."""
        weights = self.attend(frames, mask)
        return Pooled(weighted_mean(frames, weights), weights)


class AttentiveStatistics(AttentivePooling):
    """p = [mu~; sigma~], attention-weighted mean and standard deviation of the frames.

    Attentive statistics pooling of Okabe et al., Interspeech 2018. That paper's scalar bias on the score is left out,
    as in DRASP's eq. 2: the softmax cancels it.

    Args:
        dim: width of a frame; the embedding is twice as wide.
        eps: smallest variance.
    """

    def __init__(self, dim: int, eps: float = EPS) -> None:
        super().__init__(dim, out_dim=2 * dim)
        self.eps = eps

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Weighted mean and standard deviation; weights (batch, frames)."""
        weights = self.attend(frames, mask)
        return Pooled(weighted_mean_and_std(frames, weights, self.eps), weights)
