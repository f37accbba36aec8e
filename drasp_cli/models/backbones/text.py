"""RoBERTa-shaped text tower: token ids to one vector per text.

Post-norm transformer encoder; a token's position counts from `pad_token + 1`, padding keeps `pad_token`; the answer is
tanh(W h_0 + b) on the first token. Source: Liu et al., "RoBERTa", 2019, with the module names of transformers'
`RobertaModel`, which is what LAION-CLAP's `text_branch` holds.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.models.config import TextConfig
from drasp_cli.models.linear import Linear, LinearGelu

_EPS = 1e-5


class Embeddings(nn.Module):
    """Word, position and (constant) type embedding, then a layer norm."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.pad_token = config.pad_token
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token)
        self.position_embeddings = nn.Embedding(config.max_positions, config.hidden_size, padding_idx=config.pad_token)
        self.token_type_embeddings = nn.Embedding(1, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=_EPS)

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, tokens) int64 -> (batch, tokens, hidden)."""
        real = (tokens != self.pad_token).long()
        positions = real.cumsum(dim=1) * real + self.pad_token
        summed = self.word_embeddings(tokens) + self.position_embeddings(positions)
        return self.LayerNorm(summed + self.token_type_embeddings.weight[0])


class SelfAttention(nn.Module):
    """Multi-head self-attention over the real tokens."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.query = Linear(config.hidden_size, config.hidden_size)
        self.key = Linear(config.hidden_size, config.hidden_size)
        self.value = Linear(config.hidden_size, config.hidden_size)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(batch, tokens, hidden), mask (batch, tokens) bool -> (batch, tokens, hidden)."""
        query, key, value = (
            linear(x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for linear in (self.query, self.key, self.value)
        )
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        return mixed.transpose(1, 2).flatten(2)


class AddNorm(nn.Module):
    """Linear, then residual, then layer norm."""

    def __init__(self, width: int, hidden_size: int) -> None:
        super().__init__()
        self.dense = Linear(width, hidden_size)
        self.LayerNorm = nn.LayerNorm(hidden_size, eps=_EPS)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        """(..., width) and (..., hidden) -> (..., hidden)."""
        return self.LayerNorm(self.dense(x) + residual)


class Layer(nn.Module):
    """One encoder layer: attention and MLP, each followed by `AddNorm`."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.attention = nn.ModuleDict(
            {"self": SelfAttention(config), "output": AddNorm(config.hidden_size, config.hidden_size)}
        )
        self.intermediate = nn.ModuleDict({"dense": LinearGelu(config.hidden_size, config.intermediate_size)})
        self.output = AddNorm(config.intermediate_size, config.hidden_size)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(batch, tokens, hidden) -> the same."""
        x = self.attention["output"](self.attention["self"](x, mask), x)
        return self.output(self.intermediate["dense"](x), x)


class TextTower(nn.Module):
    """(batch, tokens) of token ids, padded with `pad_token`, to (batch, hidden)."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(config) for _ in range(config.num_layers))})
        self.pooler = nn.ModuleDict({"dense": Linear(config.hidden_size, config.hidden_size)})
        self.apply(_initialise)

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, tokens) int64 -> (batch, hidden)."""
        mask = tokens != self.config.pad_token
        x = self.embeddings(tokens)
        layers = self.encoder["layer"]
        assert isinstance(layers, nn.ModuleList)
        for layer in layers:
            x = layer(x, mask)
        return torch.tanh(self.pooler["dense"](x[:, 0]))


def _initialise(module: nn.Module) -> None:
    """Normal weights of std 0.02 and zero biases, as RoBERTa starts; the padding rows stay zero."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
        if module.padding_idx is not None:
            with torch.no_grad():
                module.weight[module.padding_idx].zero_()
