"""How large a predictor may be: what a stranger's `config.json` may ask of this machine before anything is built.

The bounds are generous on purpose. The largest published towers of these shapes (HTSAT-base: 70 million values;
WavLM-large: 320 million; RoBERTa-large: 360 million) stay far below them, and so does every size on its own; what is
beyond them is a slip of the pen or an attack, and would end in a failed allocation, or in none and hours of swapping.

    each size                            at most `LARGEST`, or what `_LARGEST` says for its key
    each list                            at most `LONGEST` entries
    values that a part keeps             at most `MOST_VALUES`: parameters and constants
    values of its largest tensor         at most `MOST_ACTIVATIONS`, for one window or one prompt
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from drasp_cli.errors import ConfigError

if TYPE_CHECKING:
    from drasp_cli.models.config import AudioboxConfig, ClapConfig, HTSATConfig, TextConfig, WavLMConfig
    from drasp_cli.models.pooling import PoolingConfig

LARGEST = 65_536
LONGEST = 64
MOST_VALUES = 1_000_000_000  # in each part; 4 GB in fp32
MOST_ACTIVATIONS = 2**27  # half a gigabyte in fp32, times the windows in a batch

_LARGEST = {
    "audio.sample_rate": 768_000,  # Hz, as of a file
    "audio.frontend_sample_rate": 768_000,
    "audio.window_samples": 2**25,  # eleven minutes at 48 kHz
    "logmel.num_mels": 1024,
    "backbone.image_size": 4096,
    "backbone.depths": 256,  # blocks
    "backbone.num_layers": 256,
    "backbone.mlp_ratio": 256,
    "backbone.frame_repeat": 4096,
    "backbone.num_mels": 1024,
    "text.vocab_size": 2**21,
    "text.num_layers": 256,
    "heads.num_layers": 256,
}


@dataclass(frozen=True)
class Demand:
    """What a predictor asks of this machine, by the key that would have to change.

    Attributes:
        kept: values that a part keeps.
        tensors: values of what may be the largest tensor of a part, for one window or one prompt.
    """

    kept: dict[str, int]
    tensors: dict[str, int]


def check_size(key: str, size: float, source: str) -> None:
    """Refuses one size that is beyond its bound.

    Args:
        key: dotted, with the index of an entry in a list, such as `backbone.depths[2]`.
        size: its value.
        source: the file it stands in.

    Raises:
        ConfigError: naming `key`.
    """
    name, _, entry = key.partition("[")
    most = _LARGEST.get(name, LARGEST)
    if size > most:
        raise ConfigError(source, key, f"must be at most {most:,}, not {size:,}")
    if entry and int(entry.rstrip("]")) >= LONGEST:
        raise ConfigError(source, name, f"must have at most {LONGEST} entries")


def check_memory(demand: Demand, source: str) -> None:
    """Refuses a predictor whose parts, each size of which is allowed, are together too large.

    Args:
        demand: of a predictor whose sizes `check_size` lets pass, and fit each other.
        source: the file of its configuration.

    Raises:
        ConfigError: naming the part.
    """
    for key, values in demand.kept.items():
        if values > MOST_VALUES:
            raise ConfigError(source, key, f"has {values:,} parameters and constants, more than {MOST_VALUES:,}")
    for key, values in demand.tensors.items():
        if values > MOST_ACTIVATIONS:
            raise ConfigError(source, key, f"needs a tensor of {values:,} values, more than {MOST_ACTIVATIONS:,}")


def clap_demand(config: ClapConfig) -> Demand:
    """Of a predictor with a CLAP audio tower."""
    kept = {
        "backbone": tower_values(config.backbone, config.logmel.num_mels),
        "heads": head_values(config),
    }
    if config.pooling is not None:
        kept["pooling"] = pooling_values(config.pooling, config.backbone.dim)
    if config.text is not None:
        kept["text"] = text_values(config.text)
    return Demand(kept, _largest(_clap_tensors(config)))


def audiobox_demand(config: AudioboxConfig) -> Demand:
    """Of a predictor with a WavLM tower."""
    kept = {"backbone": wavlm_values(config.backbone), "heads": aes_head_values(config)}
    if config.pooling is not None:
        kept["pooling"] = pooling_values(config.pooling, config.backbone.dim)
    return Demand(kept, _largest(_audiobox_tensors(config)))


def tower_values(tower: HTSATConfig, num_mels: int) -> int:
    """Parameters and constants of an HTSAT tower, in units of one fp32 value (an index is two)."""
    grid = tower.image_size // tower.patch_size
    total = 4 * num_mels + 2 + tower.embed_dim * (tower.patch_size**2 + 3) + 2 * tower.dim
    for stage, depth in enumerate(tower.depths):
        dim, side = tower.embed_dim * 2**stage, grid // 2**stage
        window, hidden = min(tower.window_size, side), int(dim * tower.mlp_ratio)
        bias = (2 * window - 1) ** 2 * tower.num_heads[stage] + 2 * window**4
        block = 4 * dim * dim + 9 * dim + 2 * dim * hidden + hidden + bias
        masks = depth // 2 if side > window > 1 else 0  # every second block is shifted
        total += depth * block + masks * side**2 * window**2
        if stage < len(tower.depths) - 1:
            total += 8 * dim + 8 * dim * dim
    return total


def text_values(text: TextConfig) -> int:
    """Parameters of a text tower."""
    hidden, inner = text.hidden_size, text.intermediate_size
    layer = 4 * hidden * (hidden + 1) + 2 * hidden * inner + inner + hidden + 4 * hidden
    embeddings = (text.vocab_size + text.max_positions + 3) * hidden
    return embeddings + text.num_layers * layer + hidden * (hidden + 1)


def wavlm_values(tower: WavLMConfig) -> int:
    """Parameters and constants of a WavLM tower."""
    dim, conv_dim, ffn_dim = tower.embed_dim, tower.conv_dim, tower.ffn_dim
    first, *others = tower.conv_kernels
    if tower.num_mels is None:
        convolutions = conv_dim * (first + 2) + conv_dim**2 * sum(others)
    else:
        convolutions = tower.num_mels * (first // 2 + 3) + first
        convolutions += conv_dim * (tower.num_mels * others[0] + conv_dim * sum(others[1:]))
    into = 2 * conv_dim + (dim * (conv_dim + 1) if conv_dim != dim else 0)
    positions = dim * (dim // tower.pos_conv_groups) * tower.pos_conv_kernel + tower.pos_conv_kernel + 3 * dim
    attention = 4 * dim * (dim + 1) + 8 * (dim // tower.num_heads + 1) + tower.num_heads
    layer = attention + 2 * dim * ffn_dim + ffn_dim + 5 * dim
    return convolutions + into + positions + tower.num_layers * layer + tower.num_buckets * tower.num_heads


def pooling_values(pooling: PoolingConfig, dim: int) -> int:
    """At least the parameters of any pooling with these sizes, and of the projection back to `dim` behind it."""
    widest = max(2, pooling.num_heads) * dim
    return dim * (dim + 1) + widest + pooling.num_heads + 2 + dim * (widest + 1)


def aes_head_values(config: AudioboxConfig) -> int:
    """Parameters of the heads of a predictor with a WavLM tower, and of its layer mixes."""
    dim, heads = config.backbone.dim, config.heads
    layer = dim * (dim + 1) + (2 * dim if heads.layer_norm else 0)
    return len(config.axes) * ((heads.num_layers - 1) * layer + dim + 1 + config.backbone.num_layers + 1)


def head_values(config: ClapConfig) -> int:
    """Parameters of CLAP-shaped heads, all as wide as the widest, and of the projections into the shared space."""
    widths = (3 * config.heads.embedding_dim, *config.heads.hidden, 1)
    head = sum((a + 1) * b for a, b in pairwise(widths))
    towers = config.backbone.dim + (config.text.hidden_size if config.text else 0)
    return len(config.axes) * head + config.heads.embedding_dim * (towers + 2 * config.heads.embedding_dim)


def _largest(tensors: Iterator[tuple[str, int]]) -> dict[str, int]:
    """Of each key, the largest."""
    largest: dict[str, int] = {}
    for key, values in tensors:
        largest[key] = max(values, largest.get(key, 0))
    return largest


def _clap_tensors(config: ClapConfig) -> Iterator[tuple[str, int]]:
    audio, logmel, tower, text = config.audio, config.logmel, config.backbone, config.text
    yield "logmel.fft_size", (audio.window_samples // logmel.hop_size + 1) * logmel.fft_size
    grid = tower.image_size // tower.patch_size
    for stage, heads in enumerate(tower.num_heads):
        dim, side = tower.embed_dim * 2**stage, grid // 2**stage
        window = min(tower.window_size, side)
        yield "backbone", side**2 * int(dim * max(3.0, tower.mlp_ratio))
        yield "backbone.window_size", side**2 * window**2 * heads
    rows_and_columns = (grid // 2 ** (len(tower.depths) - 1)) ** 2
    yield "backbone.frame_repeat", rows_and_columns * tower.frame_repeat * tower.dim
    if text is not None:
        yield "text.intermediate_size", text.max_tokens * text.intermediate_size
        yield "text.max_tokens", text.max_tokens**2 * text.num_heads


def _audiobox_tensors(config: AudioboxConfig) -> Iterator[tuple[str, int]]:
    tower, samples = config.backbone, config.audio.window_samples
    kernel = tower.conv_kernels[0]
    patches = (samples - kernel) // tower.conv_strides[0] + 1
    yield "backbone.conv_dim", patches * tower.conv_dim
    yield "backbone.conv_kernels", 2 * max(patches, kernel) * kernel  # moments of the patches, in fp64
    frames = (samples - tower.receptive_field) // tower.hop + 1
    yield "backbone.embed_dim", len(config.axes) * frames * tower.embed_dim  # a mix for each axis
    yield "backbone.ffn_dim", frames * tower.ffn_dim
    yield "backbone.num_heads", frames**2 * tower.num_heads
