"""HTSAT: a Swin transformer that reads a folded log-mel spectrogram and answers in time steps.

    logmel (frames, mels) -norm per band, stretch-> (bands * image, mels)
      -fold-> image (bands * mels, image) -patches-> grid -stages-> (rows, columns, dim)
      -unfold, mean over frequency-> (bands * columns, dim)

A long, low spectrogram is cut along time into `bands` strips that are stacked into a square image, so that a vision
transformer of fixed grid can read it; after the last stage the strips are laid side by side again.

         time ->                     +------+
    [ a | b | c | d ]      fold      |  a   |        rows of the grid: (band, frequency)
     each (mels, image)   ------>    |  b   |        columns: time within the band
                                     |  c   |
                                     |  d   |
                                     +------+

Source: Chen et al., "HTS-AT", ICASSP 2022, in the variant of LAION-AI/CLAP (1fd4c37). Module names equal LAION's, so
that its state dict loads by name. Deliberate differences: constants (attention masks, relative indices, STFT and mel
matrices) are not in the state dict; the classifier behind the tower (`tscam_conv`, `head`) is left out.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.datatypes import Features
from drasp_cli.models.config import HTSATConfig
from drasp_cli.models.linear import Linear, LinearGelu
from drasp_cli.models.pieces import LARGEST_ACTIVATION, at_once, in_pieces

_FLOAT32 = 4  # bytes


def relative_position_index(window_size: int) -> Tensor:
    """Row of the bias table for each pair of positions in a window.

    The table has one row per offset (dy, dx), each from -(w - 1) to w - 1.

    Returns:
        (w * w, w * w) int64.
    """
    axis = torch.arange(window_size)
    y, x = (grid.flatten() for grid in torch.meshgrid(axis, axis, indexing="ij"))
    dy = y[:, None] - y[None, :] + window_size - 1
    dx = x[:, None] - x[None, :] + window_size - 1
    return dy * (2 * window_size - 1) + dx


def shifted_window_mask(side: int, window_size: int, shift: int) -> Tensor:
    """Additive mask that keeps the parts of a cyclically shifted window apart.

    After a cyclic shift, the last windows hold patches from opposite ends of the image, which must not attend to each
    other. -100 is Swin's value; it is kept because it is part of the reference's scores.

    Returns:
        (windows, w * w, w * w), 0 where attention is allowed, -100 where not.
    """
    region = torch.zeros(side, dtype=torch.long)
    region[-window_size:] = 1
    region[-shift:] = 2
    label = region[:, None] * 3 + region[None, :]
    windows = partition(label[None, :, :, None], window_size).squeeze(-1)  # (windows, w * w)
    return torch.where(windows[:, :, None] == windows[:, None, :], 0.0, -100.0)


def partition(grid: Tensor, window_size: int) -> Tensor:
    """(batch, height, width, dim) -> (batch * windows, w * w, dim), windows row by row."""
    batch, height, width, dim = grid.shape
    rows, columns = height // window_size, width // window_size
    grid = grid.view(batch, rows, window_size, columns, window_size, dim)
    return grid.transpose(2, 3).reshape(-1, window_size * window_size, dim)


def unpartition(windows: Tensor, window_size: int, side: int) -> Tensor:
    """(batch * windows, w * w, dim) -> (batch, side, side, dim); the inverse of `partition`."""
    count, dim = side // window_size, windows.shape[-1]
    grid = windows.view(-1, count, count, window_size, window_size, dim)
    return grid.transpose(2, 3).reshape(-1, side, side, dim)


class WindowAttention(nn.Module):
    """Multi-head self-attention within each window, with a learned bias for each relative position."""

    relative_position_index: Tensor

    def __init__(self, dim: int, window_size: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window_size - 1) ** 2, num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.qkv = Linear(dim, 3 * dim)
        self.proj = Linear(dim, dim)
        self.register_buffer("relative_position_index", relative_position_index(window_size), persistent=False)

    def bias(self) -> Tensor:
        """(heads, w * w, w * w)."""
        return self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)

    def forward(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        """(batch * n, w * w, dim), mask (n, w * w, w * w) or None -> (batch * n, w * w, dim)."""
        total, tokens, dim = windows.shape
        width = dim // self.num_heads
        qkv = self.qkv(windows).view(total, tokens, 3, self.num_heads, width)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        bias = self.bias()[None] if mask is None else self.bias() + mask[:, None]  # (1 or n, heads, w * w, w * w)
        # torch's own keeps the logits of one window in the cache, and is a fifth faster where nothing is learned. It is
        # slower where something is (44 against 33 ms a clip, at width 32), and rounds a bias to half precision.
        if in_pieces(windows) and query.dtype == torch.float32:
            bias = bias.expand(total, -1, -1, -1) if mask is None else bias.repeat(total // len(mask), 1, 1, 1)
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        else:
            logits = (query * width**-0.5) @ key.transpose(-2, -1)
            mixed = (logits.unflatten(0, (-1, len(bias))) + bias).flatten(0, 1).softmax(dim=-1) @ value
        return self.proj(mixed.transpose(1, 2).reshape(total, tokens, dim))


class Mlp(nn.Module):
    """Linear, GELU, linear."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = LinearGelu(dim, hidden)
        self.fc2 = Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(..., dim) -> (..., dim)."""
        return self.fc2(self.fc1(x))


class SwinBlock(nn.Module):
    """Window attention, then an MLP, each behind a layer norm and around a residual."""

    attn_mask: Tensor | None

    def __init__(self, dim: int, side: int, num_heads: int, window_size: int, shift: int, mlp_ratio: float) -> None:
        super().__init__()
        self.side, self.window_size, self.shift = side, window_size, shift
        self.norm1 = nn.LayerNorm(dim)
        self.attn = WindowAttention(dim, window_size, num_heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))
        mask = shifted_window_mask(side, window_size, shift) if shift else None
        self.register_buffer("attn_mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, side, side, dim) -> the same."""
        grid = self.norm1(x)
        if self.shift:
            grid = grid.roll((-self.shift, -self.shift), dims=(1, 2))
        grid = unpartition(self.attn(partition(grid, self.window_size), self.attn_mask), self.window_size, self.side)
        if self.shift:
            grid = grid.roll((self.shift, self.shift), dims=(1, 2))
        x = x + grid
        return x + self.mlp(self.norm2(x))


class PatchMerging(nn.Module):
    """Joins each 2 x 2 neighbourhood: half the side, twice the width."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, side, side, dim) -> (batch, side / 2, side / 2, 2 dim)."""
        corners = (x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2])
        return self.reduction(self.norm(torch.cat(corners, dim=-1)))


class Stage(nn.Module):
    """Blocks on one grid, then a merge to the next."""

    def __init__(self, config: HTSATConfig, index: int, side: int) -> None:
        super().__init__()
        dim = config.embed_dim * 2**index
        window_size = min(config.window_size, side)
        self.blocks = nn.ModuleList(
            SwinBlock(
                dim,
                side,
                config.num_heads[index],
                window_size,
                # every second block is shifted by half a window, unless one window is the whole grid
                shift=window_size // 2 if block % 2 and side > window_size else 0,
                mlp_ratio=config.mlp_ratio,
            )
            for block in range(config.depths[index])
        )
        self.downsample = PatchMerging(dim) if index < len(config.depths) - 1 else None
        # The widest of all tensors is what an MLP makes of every patch; each stage's is half of the last one's.
        self.windows_at_once = at_once(side**2 * int(dim * config.mlp_ratio) * _FLOAT32, LARGEST_ACTIVATION)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, side, side, dim) -> the next stage's grid."""
        if not in_pieces(x):
            return self._next(x)
        return torch.cat([self._next(part) for part in torch.split(x, self.windows_at_once)])

    def _next(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x if self.downsample is None else self.downsample(x)


class PatchEmbed(nn.Module):
    """Each patch of the image as one token."""

    def __init__(self, config: HTSATConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(1, config.embed_dim, config.patch_size, stride=config.patch_size)
        self.norm = nn.LayerNorm(config.embed_dim)

    def forward(self, image: Tensor) -> Tensor:
        """(batch, 1, size, size) -> (batch, side, side, dim)."""
        return self.norm(self.proj(image).permute(0, 2, 3, 1))


class HTSAT(nn.Module):
    """(batch, frames, mels) in dB to `Features` of bands * columns time steps, every one of them real.

    CLAP fills short clips by repetition, so there is no padding to mask.
    """

    def __init__(self, config: HTSATConfig, num_mels: int) -> None:
        super().__init__()
        self.config = config
        self.bands = config.image_size // num_mels
        self.bn0 = nn.BatchNorm2d(num_mels)
        self.patch_embed = PatchEmbed(config)
        side = config.image_size // config.patch_size
        self.layers = nn.ModuleList(Stage(config, i, side // 2**i) for i in range(len(config.depths)))
        self.norm = nn.LayerNorm(config.dim)
        # Outside of the stages the image is the largest tensor, or its patches.
        largest = max(config.image_size**2, side**2 * config.embed_dim)
        self.windows_at_once = at_once(largest * _FLOAT32, LARGEST_ACTIVATION)
        self.apply(_initialise)

    @property
    def dim(self) -> int:
        """Width of a frame."""
        return self.config.dim

    @property
    def num_frames(self) -> int:
        """Time steps of its answer, repetitions included."""
        columns = self.config.image_size // self.config.patch_size // 2 ** (len(self.config.depths) - 1)
        return self.bands * columns * self.config.frame_repeat

    def fold(self, logmel: Tensor) -> Tensor:
        """(batch, frames, mels) -> image (batch, 1, size, size), frames stretched to fill it."""
        size, bands = self.config.image_size, self.bands
        batch, frames, mels = logmel.shape
        image = logmel[:, None]
        if frames != bands * size:
            image = F.interpolate(image, (bands * size, mels), mode="bicubic", align_corners=True)
        image = image.view(batch, bands, size, mels).transpose(2, 3)
        return image.reshape(batch, 1, size, size)

    def forward(self, logmel: Tensor) -> Features:
        """(batch, frames, mels) -> Features (batch, bands * columns * frame_repeat, dim)."""
        if not in_pieces(logmel):
            return Features(self._steps(logmel))
        return Features(torch.cat([self._steps(part) for part in torch.split(logmel, self.windows_at_once)]))

    def _steps(self, logmel: Tensor) -> Tensor:
        """(batch, frames, mels) -> (batch, bands * columns * frame_repeat, dim)."""
        logmel = self.bn0(logmel.transpose(1, 2)[..., None])[..., 0].transpose(1, 2)
        x = self.patch_embed(self.fold(logmel))
        for stage in self.layers:
            x = stage(x)
        x = self.norm(x)
        batch, rows, columns, dim = x.shape
        x = x.view(batch, self.bands, rows // self.bands, columns, dim).mean(dim=2)
        frames = x.reshape(batch, self.bands * columns, dim)
        return frames.repeat_interleave(self.config.frame_repeat, dim=1)


def _initialise(module: nn.Module) -> None:
    """Truncated normal weights of std 0.02 and zero biases, as Swin starts."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
