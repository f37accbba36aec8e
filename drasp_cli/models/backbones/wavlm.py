"""WavLM: a transformer over frames of samples, which answers with the output of every layer.

    samples -convolutions-> frames -layer norm, linear-> -position convolution, layer norm-> layer 0
      -attention with gated relative positions, MLP-> layer 1 -> ... -> layer 12

Source: Chen et al., "WavLM", IEEE JSTSP 2022, in the variant of audiobox-aesthetics 0.0.4 (post-norm, group norm in the
first convolution only). Module names equal the published ones, so that the state dict below `wavlm_model.` loads by
name. Deliberate differences: `mask_emb`, which pre-training alone reads, is left out (`PRETRAINING_ONLY`), as are the
dropouts; padding is not computed (see `wavlm_extractor`).

Behind the convolutions padding has no influence on a real frame: the reference sets padded frames to zero before the
position convolution, which pads with zeros itself, and lets no frame attend to them. So they end with the longest row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.backbones.wavlm_extractor import ConvExtractor
from drasp_cli.models.config import WavLMConfig
from drasp_cli.models.linear import Linear, LinearGelu
from drasp_cli.models.masks import zero_padding

PRETRAINING_ONLY = frozenset({"mask_emb"})
"""Tensors of a published WavLM that only its pre-training reads, and that this one does not have."""


def relative_buckets(num_frames: int, num_buckets: int, max_distance: int) -> Tensor:
    """Row of the bias table for each offset, key position minus query position, from -(T - 1) to T - 1.

    The first half of the rows is for keys at or before the query, the second for keys behind it. Within a half, each
    distance up to a quarter of the table has a row of its own; farther ones share rows in logarithmic steps up to
    `max_distance` (Raffel et al., "T5", 2020). The float32 steps are the reference's, so that no distance rounds into
    another row.

    Returns:
        (2 T - 1,) int64, on the CPU.

    >>> relative_buckets(5, num_buckets=8, max_distance=4).tolist()
    [3, 3, 2, 1, 0, 5, 6, 7, 7]
    """
    offsets = torch.arange(1 - num_frames, num_frames)
    distances = offsets.abs()
    half = num_buckets // 2
    exact = half // 2
    steps = torch.log(distances.float() / exact) / math.log(max_distance / exact) * (half - exact)
    far = (exact + steps.clamp(min=0.0).long()).clamp(max=half - 1)
    return torch.where(distances < exact, distances, far) + half * (offsets > 0)


class SelfAttention(nn.Module):
    """Multi-head self-attention with a gate on its relative position bias.

        logits[h, i, j] = q_i k_j / sqrt(width) + gate[h, i] bias[h, j - i]
        gate = a (b c_h - 1) + 2,    a, b = sigmoid of two linear maps of the input's slice for head h

    Each of the two maps is published as four whose outputs are summed (`grep_linear`, 8 rows); summing their weights
    first is the same and a quarter of the work. c is `grep_a`.

    Args:
        config: of the whole tower.
        has_table: whether this layer holds the table of biases, which all layers share.
    """

    def __init__(self, config: WavLMConfig, has_table: bool) -> None:
        super().__init__()
        dim = config.embed_dim
        self.config = config
        self.q_proj = Linear(dim, dim)
        self.k_proj = Linear(dim, dim)
        self.v_proj = Linear(dim, dim)
        self.out_proj = Linear(dim, dim)
        self.grep_linear = nn.Linear(dim // config.num_heads, 8)
        self.grep_a = nn.Parameter(torch.ones(1, config.num_heads, 1, 1))
        self.relative_attention_bias = nn.Embedding(config.num_buckets, config.num_heads) if has_table else None

    def position_bias(self, num_frames: int) -> Tensor:
        """(heads, T, T), query by key; only in the layer that holds the table."""
        assert self.relative_attention_bias is not None
        table = self.relative_attention_bias.weight
        buckets = relative_buckets(num_frames, self.config.num_buckets, self.config.max_distance)
        by_offset = table[buckets.to(table.device)].T  # (heads, 2 T - 1)
        # Row i of the answer is a run of T offsets that starts at T - 1 - i.
        return by_offset.unfold(1, num_frames, 1).flip(1)

    def gate(self, heads: Tensor) -> Tensor:
        """(batch, heads, T, width), the input cut into heads -> (batch, heads, T, 1), between 1 and 2 + c."""
        weight = self.grep_linear.weight.view(2, 4, -1).sum(dim=1)
        bias = self.grep_linear.bias.view(2, 4).sum(dim=1)
        a, b = F.linear(heads, weight, bias).sigmoid().chunk(2, dim=-1)
        return a * (b * self.grep_a - 1.0) + 2.0

    def forward(self, x: Tensor, position_bias: Tensor, mask: Tensor | None) -> Tensor:
        """(batch, T, dim), (heads, T, T), (batch, T) bool or None -> (batch, T, dim)."""

        def split(tensor: Tensor) -> Tensor:  # (batch, T, dim) -> (batch, heads, T, width)
            return tensor.view(*tensor.shape[:2], self.config.num_heads, -1).transpose(1, 2)

        query, key, value = (split(linear(x)) for linear in (self.q_proj, self.k_proj, self.v_proj))
        allowed = self.gate(split(x)) * position_bias
        if mask is not None:
            allowed = allowed.masked_fill(~mask[:, None, None, :], float("-inf"))
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed.to(query.dtype))
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """One transformer layer: attention and MLP, each inside a residual and before a layer norm."""

    def __init__(self, config: WavLMConfig, has_table: bool) -> None:
        super().__init__()
        self.self_attn = SelfAttention(config, has_table)
        self.self_attn_layer_norm = nn.LayerNorm(config.embed_dim)
        self.fc1 = LinearGelu(config.embed_dim, config.ffn_dim)
        self.fc2 = Linear(config.ffn_dim, config.embed_dim)
        self.final_layer_norm = nn.LayerNorm(config.embed_dim)

    def forward(self, x: Tensor, position_bias: Tensor, mask: Tensor | None) -> Tensor:
        """(batch, T, dim), (heads, T, T), (batch, T) bool or None -> (batch, T, dim)."""
        x = self.self_attn_layer_norm(x + self.self_attn(x, position_bias, mask))
        return self.final_layer_norm(x + self.fc2(self.fc1(x)))


class PositionConv(nn.Module):
    """Position embedding by a wide grouped convolution, GELU behind it.

    Its kernel is w = g v / |v|, with one g for each of the kernel's places in time and |v| over all channels at that
    place (weight norm, Salimans and Kingma 2016), as `weight_g` and `weight_v`.
    """

    def __init__(self, config: WavLMConfig) -> None:
        super().__init__()
        dim, kernel, self.groups = config.embed_dim, config.pos_conv_kernel, config.pos_conv_groups
        # The kernel as the published class starts: variance 4 / (kernel * dim), so that |v| is what g should be.
        self.weight_v = nn.Parameter(torch.randn(dim, dim // self.groups, kernel) * math.sqrt(4.0 / (kernel * dim)))
        self.weight_g = nn.Parameter(self.norm().detach())
        self.bias = nn.Parameter(torch.zeros(dim))

    def norm(self) -> Tensor:
        """|v|, (1, 1, kernel)."""
        return self.weight_v.square().sum(dim=(0, 1), keepdim=True).sqrt()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, T, dim) -> (batch, T, dim). Zeros surround the frames; with an even kernel, one more before them."""
        weight = self.weight_v * (self.weight_g / self.norm())
        padding = weight.shape[-1] // 2
        y = F.conv1d(x.transpose(1, 2), weight, self.bias, padding=padding, groups=self.groups)
        return F.gelu(y[..., : x.shape[1]]).transpose(1, 2)


class Encoder(nn.Module):
    """The transformer, layer by layer."""

    def __init__(self, config: WavLMConfig) -> None:
        super().__init__()
        self.pos_conv = nn.Sequential(PositionConv(config))
        self.layer_norm = nn.LayerNorm(config.embed_dim)
        self.layers = nn.ModuleList(Layer(config, has_table=i == 0) for i in range(config.num_layers))

    def forward(self, x: Tensor, mask: Tensor | None) -> Iterator[Tensor]:
        """(batch, T, dim), (batch, T) bool or None -> (batch, T, dim), num_layers + 1 times."""
        if mask is not None:
            x = zero_padding(x, mask)
        x = self.layer_norm(x + self.pos_conv(x))
        yield x
        attention = self.layers[0].self_attn
        assert isinstance(attention, SelfAttention)
        position_bias = attention.position_bias(x.shape[1])
        for layer in self.layers:
            x = layer(x, position_bias, mask)
            yield x


class WavLM(nn.Module):
    """Windows to the outputs of every layer.

    Args:
        config: any size; heads and groups divide `embed_dim`.
        sample_rate: of the windows, in Hz; only log-mels need to know it.
    """

    def __init__(self, config: WavLMConfig, sample_rate: int = 16000) -> None:
        super().__init__()
        self.config = config
        self.feature_extractor = ConvExtractor(config, sample_rate)
        self.layer_norm = nn.LayerNorm(config.conv_dim)
        needs_linear = config.conv_dim != config.embed_dim
        self.post_extract_proj = Linear(config.conv_dim, config.embed_dim) if needs_linear else nn.Identity()
        self.encoder = Encoder(config)
        self.apply(_initialise)

    @property
    def dim(self) -> int:
        """Width of a frame."""
        return self.config.dim

    @property
    def num_outputs(self) -> int:
        """Outputs of a forward: the input of the first transformer layer, and the output of each."""
        return self.config.num_layers + 1

    def forward(self, batch: WindowBatch) -> tuple[Iterator[Tensor], Tensor | None]:
        """The outputs of every layer, each as it is computed, and the mask they share.

        The length of the windows matters, also where it is padding: the first layer is normalised over it.

        Args:
            batch: windows (batch, window_samples); what their padding holds does not matter.

        Returns:
            `num_outputs` times (batch, T, dim), where T is the number of real frames in the longest row; and
            (batch, T) bool, or None where every frame is real. Rows outside the mask hold nothing of use.

        Raises:
            ValueError: the windows are too short for a single frame.
        """
        features = self.feature_extractor(batch)
        frames = self.post_extract_proj(self.layer_norm(features.frames))
        return self.encoder(frames, features.mask), features.mask


def _initialise(module: nn.Module) -> None:
    """Normal weights of std 0.02 and zero biases, He's initialisation for convolutions, as WavLM starts."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.Conv1d):
        nn.init.kaiming_normal_(module.weight)
