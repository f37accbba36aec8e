"""Whether the sizes in a configuration fit each other, and are small enough to be built.

One check for each architecture. Each raises with the key that would have to change, so that nothing behind it meets a
size that torch would refuse in its own words, or take and compute nonsense with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from drasp_cli.errors import ConfigError
from drasp_cli.models.limits import audiobox_demand, check_memory, check_size, clap_demand

if TYPE_CHECKING:
    from drasp_cli.models.config import (
        AudioboxConfig,
        ClapConfig,
        HTSATConfig,
        PredictorConfig,
        TextConfig,
        WavLMConfig,
    )

CLAP_AXES = frozenset({"MI", "TA", "CLAP"})
AUDIOBOX_AXES = frozenset({"PQ", "PC", "CE", "CU"})


def check_clap(config: ClapConfig, source: str) -> None:
    """Refuses a CLAP-shaped predictor that cannot be built, or is too large to be.

    Args:
        config: of which every value is of the right kind, and every closed choice made.
        source: its file.

    Raises:
        ConfigError: naming the key.
    """
    _check_integers(config, ("audio", "logmel", "backbone", "text", "pooling", "heads"), source)
    _check_axes(config, CLAP_AXES, source)
    audio, logmel, backbone, text = config.audio, config.logmel, config.backbone, config.text
    for axis in ("TA", "CLAP"):
        _require(text is not None or axis not in config.axes, source, "text", f"is needed for {axis}")
    _require(0 <= config.heads.dropout < 1, source, "heads.dropout", "must be at least 0 and less than 1")
    _require(audio.window_samples > logmel.fft_size, source, "audio.window_samples", "must exceed logmel.fft_size")
    _require(
        0 <= logmel.f_min < logmel.f_max <= audio.frontend_sample_rate / 2,
        source,
        "logmel.f_max",
        "must lie between f_min and half of audio.frontend_sample_rate",
    )
    _check_htsat(backbone, logmel.num_mels, source)
    frames = audio.window_samples // logmel.hop_size + 1
    room = backbone.image_size // logmel.num_mels * backbone.image_size
    reason = f"gives {frames} frames, more than the {room} the image holds"
    _require(frames <= room, source, "audio.window_samples", reason)
    if text is not None:
        _check_text(text, source)
    check_memory(clap_demand(config), source)


def check_audiobox(config: AudioboxConfig, source: str) -> None:
    """Refuses a predictor with a WavLM tower that cannot be built, or is too large to be.

    Args:
        config: of which every value is of the right kind, and every closed choice made.
        source: its file.

    Raises:
        ConfigError: naming the key.
    """
    _check_integers(config, ("audio", "backbone", "pooling", "heads"), source)
    _check_axes(config, AUDIOBOX_AXES, source)
    audio = config.audio
    _require(0 <= config.heads.dropout < 1, source, "heads.dropout", "must be at least 0 and less than 1")
    _require(
        audio.frontend_sample_rate == audio.sample_rate,
        source,
        "audio.frontend_sample_rate",
        "must equal audio.sample_rate: this tower hears samples, and has no other front end",
    )
    _check_wavlm(config.backbone, source)
    _require(
        audio.window_samples >= config.backbone.receptive_field,
        source,
        "audio.window_samples",
        f"must be at least {config.backbone.receptive_field}, the samples that one frame hears",
    )
    check_memory(audiobox_demand(config), source)


def _check_axes(config: PredictorConfig, known: frozenset[str], source: str) -> None:
    axes = config.axes
    _require(len(axes) > 0, source, "axes", "must name at least one axis")
    _require(set(axes) <= known, source, "axes", f"must be among {sorted(known)} for this architecture")
    _require(len(set(axes)) == len(axes), source, "axes", "must not name an axis twice")
    _require(set(config.targets) == set(axes), source, "targets", f"must hold exactly the axes {list(axes)}")
    for axis, target in config.targets.items():
        _require(target.std > 0, source, f"targets.{axis}.std", "must be positive")


def _check_htsat(backbone: HTSATConfig, num_mels: int, source: str) -> None:
    check_size("backbone.mlp_ratio", backbone.mlp_ratio, source)
    _require(
        backbone.mlp_ratio * backbone.embed_dim >= 1,
        source,
        "backbone.mlp_ratio",
        "must be positive and leave a block's MLP at least one unit wide",
    )
    stages = len(backbone.depths)
    one_each = stages == len(backbone.num_heads) > 0
    _require(one_each, source, "backbone.num_heads", "must have one entry for each of depths")
    for stage, num_heads in enumerate(backbone.num_heads):
        width = backbone.embed_dim * 2**stage
        _require(width % num_heads == 0, source, "backbone.num_heads", f"must divide {width} in stage {stage}")
    is_multiple = backbone.image_size % num_mels == 0
    _require(is_multiple, source, "backbone.image_size", "must be a multiple of logmel.num_mels")
    grid = backbone.image_size // backbone.patch_size
    _require(
        grid * backbone.patch_size == backbone.image_size and grid % 2 ** (stages - 1) == 0,
        source,
        "backbone.image_size",
        "must be divisible by patch_size and then by 2 for each stage but the first",
    )
    for stage in range(stages):
        side = grid // 2**stage
        _require(
            side <= backbone.window_size or side % backbone.window_size == 0,
            source,
            "backbone.window_size",
            f"must divide the {side} patches of stage {stage}",
        )
    rows = grid // 2 ** (stages - 1)
    bands = backbone.image_size // num_mels
    _require(rows % bands == 0, source, "backbone.depths", f"leaves {rows} rows, which {bands} bands cannot share")


def _check_text(text: TextConfig, source: str) -> None:
    _require(text.pad_token < text.vocab_size, source, "text.vocab_size", "must exceed text.pad_token")
    _require(text.hidden_size % text.num_heads == 0, source, "text.num_heads", "must divide text.hidden_size")
    _require(
        2 < text.max_tokens <= text.max_positions - text.pad_token - 1,
        source,
        "text.max_tokens",
        "must exceed 2 and leave room in max_positions",
    )


def _check_wavlm(backbone: WavLMConfig, source: str) -> None:
    one_each = len(backbone.conv_kernels) == len(backbone.conv_strides) > 0
    _require(one_each, source, "backbone.conv_strides", "must have one entry for each of conv_kernels, at least one")
    behind = backbone.num_mels is None or len(backbone.conv_kernels) > 1
    _require(behind, source, "backbone.conv_kernels", "must have a second entry, a convolution behind the log-mels")
    for key in ("num_heads", "pos_conv_groups"):
        divides = backbone.embed_dim % getattr(backbone, key) == 0
        _require(divides, source, f"backbone.{key}", f"must divide backbone.embed_dim ({backbone.embed_dim})")
    is_cut_in_four = backbone.num_buckets >= 4 and backbone.num_buckets % 2 == 0
    _require(is_cut_in_four, source, "backbone.num_buckets", "must be even and at least 4")
    exact = backbone.num_buckets // 4
    reason = f"must exceed {exact}, a quarter of num_buckets: so many distances have a bucket of their own"
    _require(backbone.max_distance > exact, source, "backbone.max_distance", reason)


def _require(condition: bool, source: str, key: str, reason: str) -> None:
    if not condition:
        raise ConfigError(source, key, reason)


def _check_integers(config: Any, tables: tuple[str, ...], source: str) -> None:
    """Refuses what is not positive, or beyond its bound, of all integers in these tables."""
    for table in tables:
        for key, value in _integers(getattr(config, table), table):
            # The one integer that is no size: padding has a token's id.
            positive = value > 0 or (key == "text.pad_token" and value == 0)
            _require(positive, source, key, f"must be positive, not {value}")
            check_size(key, value, source)


def _integers(table: Any, key: str) -> Iterator[tuple[str, int]]:
    """Every integer in a dataclass, or in a tuple in it, with its dotted key; none where `table` is None."""
    for f in dataclasses.fields(table) if table is not None else ():
        value = getattr(table, f.name)
        if isinstance(value, int) and not isinstance(value, bool):
            yield f"{key}.{f.name}", value
        elif isinstance(value, tuple):
            yield from ((f"{key}.{f.name}[{i}]", item) for i, item in enumerate(value))
