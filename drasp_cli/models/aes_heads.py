"""Heads of the Audiobox aesthetics axes: an embedding of unit length to one number.

    (linear, [layer norm], GELU, [dropout]) x (num_layers - 1), linear         all as wide as the embedding, then 1

Source: audiobox-aesthetics 0.0.4, `proj_layer.<AXIS>`. The published weights have `num_layers` 5 with layer norm, not
the defaults of the published class. Parts are numbered as published: one that is left out takes no number.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class AesHeadConfig:
    """Shape of every axis' head.

    Attributes:
        num_layers: linear layers, at least 1 (published: `proj_num_layer`).
        layer_norm: behind each of them but the last (published: `proj_ln`).
        dropout: behind each activation, in training only; at 0 the heads have no such part (published: `proj_dropout`).
    """

    num_layers: int = 5
    layer_norm: bool = True
    dropout: float = 0.0


def aes_head(config: AesHeadConfig, dim: int) -> nn.Sequential:
    """(batch, dim) to (batch, 1), with fresh weights."""
    parts: list[nn.Module] = []
    for _ in range(config.num_layers - 1):
        parts.append(nn.Linear(dim, dim))
        if config.layer_norm:
            parts.append(nn.LayerNorm(dim))
        parts.append(nn.GELU())
        if config.dropout:
            parts.append(nn.Dropout(config.dropout))
    return nn.Sequential(*parts, nn.Linear(dim, 1))
