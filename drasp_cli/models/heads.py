"""Heads: embeddings to one score per axis.

    MI:  score = std * mlp(a) + mean
    TA:  score = std * mlp([a; t]) + mean            interaction "none"
         score = std * mlp([a; t; a * t]) + mean     interaction "product"

With `activation: identity` and no interaction the TA head is one affine map of [a; t], that is f(a) + g(t): it can say
which clips and which prompts score well, never which match. Research checkpoints are so (design facts, "A linear TA
head"); the elementwise product is the smallest change that lets a head see agreement.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from drasp_cli.models.config import HeadConfig

_ACTIVATIONS: dict[str, type[nn.Module]] = {"identity": nn.Identity, "relu": nn.ReLU, "gelu": nn.GELU}


class Head(nn.Module):
    """(batch, width) to (batch,): linear layers with an activation between them.

    Args:
        config: hidden widths, activation, dropout.
        width: of the input.
    """

    def __init__(self, config: HeadConfig, width: int) -> None:
        super().__init__()
        widths = (width, *config.hidden, 1)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.activation = _ACTIVATIONS[config.activation]()
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, width) -> (batch,)."""
        for layer in self.layers[:-1]:
            x = self.dropout(self.activation(layer(x)))
        return self.layers[-1](x).squeeze(-1)


class PairInput(nn.Module):
    """What a head on an audio and a text embedding sees: their concatenation, and their product where configured."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        self.product = config.interaction == "product"
        self.width = config.embedding_dim * (3 if self.product else 2)

    def forward(self, audio: Tensor, text: Tensor) -> Tensor:
        """Two (batch, embedding_dim) -> (batch, width)."""
        return torch.cat((audio, text, audio * text) if self.product else (audio, text), dim=-1)
