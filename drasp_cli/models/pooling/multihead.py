"""Several weightings of the frames at once: one for each slice of the features, or one for each temperature.

Head k = 1 .. K; x_t^k is the k-th of K equal slices of x_t, d_h = dim / K wide.

    MultiHeadAttentive                         z_t^k = u_k^T x_t^k / sqrt(d_h)
                                               p     = [ sum_t w_t^1 x_t^1 ; ... ; sum_t w_t^K x_t^K ]

    MultiResolutionMultiHeadAttentive          z_t^k = v_k^T tanh(W x_t + b) / T_k
                                               p     = [ sum_t w_t^1 x_t ; ... ; sum_t w_t^K x_t ]

    both                                       w_t^k = exp(z_t^k) / sum_i exp(z_i^k)

The DRASP paper compares with both (Table I) without giving their equations; its research code has neither.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from drasp_cli.models.masks import masked_softmax
from drasp_cli.models.pooling.attention import AttentivePooling
from drasp_cli.models.pooling.interface import Pooled, Pooling
from drasp_cli.models.pooling.statistics import weighted_mean

NUM_HEADS = 4


class MultiHeadAttentive(Pooling):
    """Each head weighs its own slice of the features.

    Self multi-head attention pooling of India et al., Interspeech 2019; the equation is from memory of that paper. Only
    the attention vectors are learned.

    Args:
        dim: width of a frame, and of the embedding.
        num_heads: number of slices; divides `dim`.
    """

    def __init__(self, dim: int, num_heads: int = NUM_HEADS) -> None:
        super().__init__(dim, out_dim=dim)
        self.attention = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_heads, dim // num_heads)))

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Weighted mean of each slice; weights (batch, heads, frames)."""
        num_heads, width = self.attention.shape
        slices = frames.reshape(*frames.shape[:2], num_heads, width).transpose(1, 2)  # (batch, heads, frames, width)
        vectors = self.attention.to(frames.dtype).unsqueeze(-1)  # (heads, width, 1)
        scores = (slices @ vectors).squeeze(-1) / width**0.5
        weights = masked_softmax(scores, mask.unsqueeze(1))
        return Pooled(weighted_mean(slices, weights).flatten(1), weights)


def head_temperatures(num_heads: int) -> tuple[float, ...]:
    """T_k = max(1, 5 * floor((k - 1) / 2)): two sharp heads, then pairs that look ever wider.

    >>> head_temperatures(6)
    (1.0, 1.0, 5.0, 5.0, 10.0, 10.0)
    """
    return tuple(max(1.0, 5.0 * (k // 2)) for k in range(num_heads))


class MultiResolutionMultiHeadAttentive(AttentivePooling):
    """Each head weighs whole frames, by a softmax with its own fixed temperature: the higher, the flatter the weights.

    Multi-resolution multi-head attention of Wang et al., ICASSP 2020. Its abstract says: several heads over the entire
    encoded sequence, and a temperature hyperparameter for each. The rest is a choice, for want of the full text: the
    temperatures are the fixed ones of a public re-implementation (Snowdar/asv-subtools, pytorch/libs/nnet/pooling.py),
    the score is DRASP's eq. 2 with a v for each head, and only means are kept, as in MultiHeadAttentive.

    Args:
        dim: width of a frame.
        num_heads: number of heads; the embedding is `num_heads * dim` wide.
    """

    temperatures: Tensor

    def __init__(self, dim: int, num_heads: int = NUM_HEADS) -> None:
        super().__init__(dim, out_dim=num_heads * dim, num_heads=num_heads)
        self.register_buffer("temperatures", torch.tensor(head_temperatures(num_heads)), persistent=False)

    def pool(self, frames: Tensor, mask: Tensor) -> Pooled:
        """Weighted mean for each head; weights (batch, heads, frames)."""
        scores = self.scores(frames) / self.temperatures.to(frames.dtype).unsqueeze(-1)
        weights = masked_softmax(scores, mask.unsqueeze(1))
        return Pooled((weights @ frames).flatten(1), weights)
