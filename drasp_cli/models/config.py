"""`config.json`: everything needed to rebuild a predictor and to prepare audio for it.

The dataclasses below are the format. `architecture` says which of them is the whole: `ClapConfig` or `AudioboxConfig`,
which share the keys of `PredictorConfig`. Reading is strict: an unknown key, a missing key, or a value of the wrong
kind is refused with its dotted path, because a checkpoint that is read wrongly still prints plausible scores.
"""

from __future__ import annotations

import dataclasses
import json
import math
import reprlib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from drasp_cli.errors import ConfigError
from drasp_cli.models.aes_heads import AesHeadConfig
from drasp_cli.models.consistency import check_audiobox, check_clap
from drasp_cli.models.pooling import PoolingConfig

FORMAT_VERSION = 1

T = TypeVar("T")


@dataclass(frozen=True)
class AudioConfig:
    """How a waveform is prepared before the network hears it.

    Attributes:
        sample_rate: every clip is resampled to this rate, in Hz.
        frontend_sample_rate: the rate the front end believes it hears, in Hz. Differs from `sample_rate` only in
            research checkpoints that were trained so (16 kHz audio heard as 48 kHz).
        window_samples: length of a window, at `sample_rate`.
        fill: what follows a clip's last sample up to the window's end: "repeat" (the clip again, a whole number of
            times, then zeros: LAION-CLAP) or "zero".
    """

    sample_rate: int
    frontend_sample_rate: int
    window_samples: int
    fill: str

    @property
    def window_seconds(self) -> float:
        """Seconds of the clip in one full window."""
        return self.window_samples / self.sample_rate


@dataclass(frozen=True)
class LogMelConfig:
    """Log-mel front end: Hann window, centred, reflected edges; slaney mel filters; dB.

    Attributes:
        fft_size: samples in one STFT frame.
        hop_size: samples between frames.
        num_mels: mel bands.
        f_min: lowest band edge, in Hz.
        f_max: highest band edge, in Hz.
    """

    fft_size: int
    hop_size: int
    num_mels: int
    f_min: float
    f_max: float


@dataclass(frozen=True)
class HTSATConfig:
    """HTSAT audio tower: a Swin transformer over a folded log-mel image.

    Attributes:
        image_size: side of the square image that the log-mel frames are folded into.
        patch_size: side of a patch, and its stride.
        embed_dim: width of the first stage; each later stage is twice as wide.
        depths: blocks in each stage.
        num_heads: attention heads in each stage.
        window_size: side of an attention window, in patches.
        mlp_ratio: hidden width of a block's MLP over its width.
        frame_repeat: how often each of the tower's time steps is repeated before pooling (research checkpoints: 32).
    """

    image_size: int = 256
    patch_size: int = 4
    embed_dim: int = 128
    depths: tuple[int, ...] = (2, 2, 12, 2)
    num_heads: tuple[int, ...] = (4, 8, 16, 32)
    window_size: int = 8
    mlp_ratio: float = 4.0
    frame_repeat: int = 1

    @property
    def dim(self) -> int:
        """Width of the last stage, which is the width of a frame."""
        return self.embed_dim * 2 ** (len(self.depths) - 1)


@dataclass(frozen=True)
class WavLMConfig:
    """WavLM speech tower: strided convolutions over samples, then a transformer.

    Attributes:
        conv_dim: channels of every convolution.
        conv_kernels: samples, then frames, that each convolution spans.
        conv_strides: step of each convolution.
        embed_dim: width of the transformer, which is the width of a frame.
        ffn_dim: hidden width of a layer's MLP.
        num_layers: transformer layers; the tower answers with one more, the input of the first.
        num_heads: attention heads in each layer.
        pos_conv_kernel: frames that the position embedding's convolution spans.
        pos_conv_groups: its groups.
        num_buckets: rows of the table of relative position biases; half for each direction.
        max_distance: in frames; positions farther apart share the last bucket of their direction.
        num_mels: bands of the log-mels that take the first convolution's place, over its kernel and stride; None for
            the convolution, as published.
    """

    conv_dim: int = 512
    conv_kernels: tuple[int, ...] = (10, 3, 3, 3, 3, 2, 2)
    conv_strides: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2)
    embed_dim: int = 768
    ffn_dim: int = 3072
    num_layers: int = 12
    num_heads: int = 12
    pos_conv_kernel: int = 128
    pos_conv_groups: int = 16
    num_buckets: int = 320
    max_distance: int = 800
    num_mels: int | None = None

    @property
    def dim(self) -> int:
        """Width of a frame."""
        return self.embed_dim

    @property
    def hop(self) -> int:
        """Samples from one frame to the next; 320 by default."""
        return math.prod(self.conv_strides)

    @property
    def receptive_field(self) -> int:
        """Samples that one frame hears; 400 by default."""
        span = 1
        for kernel, stride in zip(reversed(self.conv_kernels), reversed(self.conv_strides), strict=True):
            span = (span - 1) * stride + kernel
        return span


@dataclass(frozen=True)
class TextConfig:
    """RoBERTa-shaped text tower.

    Attributes:
        vocab_size: rows of the word embedding.
        hidden_size: width.
        num_layers: transformer layers.
        num_heads: attention heads.
        intermediate_size: hidden width of a layer's MLP.
        max_positions: rows of the position embedding (RoBERTa: longest text + 2).
        max_tokens: a prompt is cut here, both special tokens included.
        pad_token: id of the padding token.
    """

    vocab_size: int = 50265
    hidden_size: int = 768
    num_layers: int = 12
    num_heads: int = 12
    intermediate_size: int = 3072
    max_positions: int = 514
    max_tokens: int = 77
    pad_token: int = 1


@dataclass(frozen=True)
class HeadConfig:
    """From embeddings to one score per axis.

    Attributes:
        embedding_dim: width of the shared audio and text embedding.
        hidden: widths of the hidden layers of a head.
        activation: between the layers of a head: "identity" (research checkpoints), "relu" or "gelu".
        interaction: what a head on two embeddings sees beside their concatenation: "none" (research checkpoints; such
            a head cannot express whether the two match) or "product", their elementwise product.
        unit_variance: scale the L2-normalised embeddings by sqrt(embedding_dim) first, so that a head's inputs have
            unit variance. Research checkpoints do not.
        dropout: in training only.
    """

    embedding_dim: int = 512
    hidden: tuple[int, ...] = (256, 64)
    activation: str = "gelu"
    interaction: str = "product"
    unit_variance: bool = True
    dropout: float = 0.0


@dataclass(frozen=True)
class TargetTransform:
    """A head's output times `std` plus `mean` is a score on the rating scale."""

    mean: float
    std: float


@dataclass(frozen=True, kw_only=True)
class PredictorConfig:
    """What every predictor's configuration says, whatever its architecture.

    Attributes:
        name: the checkpoint's own name, shown with its results.
        architecture: a key of `ARCHITECTURES`.
        axes: what it scores, in column order.
        audio: preparation of the waveform.
        targets: axis -> rating scale.
        ratings: what it was trained on: "human", "simulated", or "none" (seeded weights, or towers trained without).
        licence: SPDX identifier of the weights.
        training_data: one line.
        format_version: of this file.
    """

    name: str
    architecture: str
    axes: tuple[str, ...]
    audio: AudioConfig
    targets: Mapping[str, TargetTransform]
    ratings: str
    licence: str
    training_data: str
    format_version: int = field(default=FORMAT_VERSION)


@dataclass(frozen=True, kw_only=True)
class ClapConfig(PredictorConfig):
    """A predictor with a CLAP audio tower: axes MI, TA and CLAP.

    Attributes:
        logmel: front end.
        backbone: audio tower.
        text: text tower, or None where no axis reads prompts.
        pooling: frames to one vector, with a projection behind it (DRASP paper); None for the mean without one (LAION's
            own embedding).
        heads: embedding to scores. CLAP has no head.
    """

    logmel: LogMelConfig
    backbone: HTSATConfig
    text: TextConfig | None
    pooling: PoolingConfig | None
    heads: HeadConfig


@dataclass(frozen=True, kw_only=True)
class AudioboxConfig(PredictorConfig):
    """A predictor with a WavLM tower: axes PQ, PC, CE and CU.

    Attributes:
        backbone: audio tower.
        pooling: frames to one vector, with a projection behind it (DRASP paper); None for the masked mean without one
            (Meta's weights).
        heads: each axis' own embedding to its score.
    """

    backbone: WavLMConfig
    pooling: PoolingConfig | None
    heads: AesHeadConfig


@dataclass(frozen=True)
class _Architecture:
    """How the configuration of one kind of predictor is read.

    Attributes:
        config: its dataclass.
        choices: values that a closed choice admits, by dotted key.
        check: refuses sizes that do not fit each other; takes the configuration and its file.
    """

    config: type[PredictorConfig]
    choices: Mapping[str, tuple[object, ...]]
    check: Callable[[Any, str], None]


_RATINGS = ("human", "simulated", "none")

ARCHITECTURES: Mapping[str, _Architecture] = {
    "clap": _Architecture(
        ClapConfig,
        {
            "audio.fill": ("repeat", "zero"),
            "heads.activation": ("identity", "relu", "gelu"),
            "heads.interaction": ("none", "product"),
            "ratings": _RATINGS,
        },
        check_clap,
    ),
    "audiobox": _Architecture(AudioboxConfig, {"audio.fill": ("zero",), "ratings": _RATINGS}, check_audiobox),
}
"""Every value of `architecture`."""


def parse_config(data: Any, source: str) -> PredictorConfig:
    """The predictor configuration in `data`, checked.

    Args:
        data: what `json` or `tomllib` read.
        source: its file, for messages.

    Raises:
        ConfigError: a key is unknown, missing, of the wrong kind, or has an impossible value, or the predictor would be
            larger than `limits.py` allows.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(source, "file", f"must be a table, not {_shown(data)}")
    # First of all, or a newer file would be refused for a new key, as if that were a slip of the pen.
    version = data.get("format_version", FORMAT_VERSION)
    if version != FORMAT_VERSION:
        raise ConfigError(
            source, "format_version", f"{_shown(version)} is not one of the versions read here: {FORMAT_VERSION}"
        )
    # Then what it is a configuration of, which decides the keys.
    if "architecture" not in data:
        raise ConfigError(source, "architecture", "is missing")
    _check_choice(data["architecture"], tuple(ARCHITECTURES), "architecture", source)
    kind = ARCHITECTURES[data["architecture"]]
    config = from_plain(kind.config, data, source)
    for key, allowed in kind.choices.items():
        value: Any = config
        for part in key.split("."):
            value = getattr(value, part)
        _check_choice(value, allowed, key, source)
    kind.check(config, source)
    return config


def load_config(path: Path) -> PredictorConfig:
    """The configuration in a `config.json`.

    Raises:
        ConfigError: it is not there, not JSON, or `parse_config` refuses it.
    """
    return parse_config(read_json(path), str(path))


def read_json(path: Path) -> Any:
    """The plain data in a JSON file.

    Raises:
        ConfigError: it is not there, or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), "file", "is not there") from None
    except (OSError, ValueError) as error:
        raise ConfigError(str(path), "file", f"is not readable as JSON ({error})") from error
    except RecursionError:  # a hundred thousand brackets
        raise ConfigError(str(path), "file", "is not a config: its lists and tables are nested too deep") from None


def save_config(config: PredictorConfig, path: Path) -> None:
    """Writes `config.json`, which `load_config` reads back equal."""
    path.write_text(json.dumps(to_plain(config), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def to_plain(value: Any) -> Any:
    """Dataclasses as dicts, tuples as lists: what JSON and TOML hold."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], data: Any, source: str, key: str = "") -> T:
    """Builds a value of type `kind` from plain data; the inverse of `to_plain`.

    Args:
        kind: a dataclass, int, float (finite), str, bool, `tuple[X, ...]`, `Mapping[str, X]`, or `X | None`.
        data: plain data; a dataclass in it that was built already is taken as it is.
        source: the file it came from.
        key: dotted path so far.

    Raises:
        ConfigError: with the dotted path of the key at fault.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    result: Any
    if dataclasses.is_dataclass(kind):
        result = data if isinstance(data, kind) else _dataclass_from_plain(kind, data, source, key)
    elif origin in (typing.Union, types.UnionType):
        inner = [a for a in arguments if a is not type(None)]
        result = None if data is None else from_plain(inner[0], data, source, key)
    elif origin is tuple:
        if not isinstance(data, (list, tuple)):
            raise ConfigError(source, key, f"must be a list, not {_shown(data)}")
        result = tuple(from_plain(arguments[0], item, source, f"{key}[{i}]") for i, item in enumerate(data))
    elif origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, Mapping):
            raise ConfigError(source, key, f"must be a table, not {_shown(data)}")
        result = {name: from_plain(arguments[1], item, source, _join(key, name)) for name, item in data.items()}
    elif kind is float and isinstance(data, (int, float)) and not isinstance(data, bool):
        result = _finite(data, source, key)
    elif not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise ConfigError(source, key, f"must be {kind.__name__}, not {_shown(data)}")
    else:
        result = data
    return typing.cast(T, result)


def _dataclass_from_plain(kind: Any, data: Any, source: str, key: str) -> Any:
    if not isinstance(data, Mapping):
        raise ConfigError(source, key or "file", f"must be a table, not {_shown(data)}")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    for name in data:
        if name not in fields:
            raise ConfigError(source, _join(key, name), f"is not a key this version knows (known: {', '.join(fields)})")
    hints = typing.get_type_hints(kind)
    values = {}
    for name, f in fields.items():
        if name in data:
            values[name] = from_plain(hints[name], data[name], source, _join(key, name))
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise ConfigError(source, _join(key, name), "is missing")
    try:
        return kind(**values)
    except ConfigError as error:  # a dataclass that checks itself knows its key, not its file
        raise ConfigError(source, _join(key, error.key), error.reason) from None


def _finite(data: float, source: str, key: str) -> float:
    """`data` as a float; neither NaN nor an infinity, which `json` and `tomllib` both read."""
    try:
        value = float(data)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ConfigError(source, key, f"must be a finite number, not {_shown(data)}")
    return value


def _shown(data: Any) -> str:
    """`data` for a message, cut where it is long or deep: it is a stranger's, and may be a megabyte of brackets."""
    return reprlib.repr(data)


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _check_choice(value: Any, allowed: tuple[object, ...], key: str, source: str) -> None:
    if value not in allowed:
        raise ConfigError(source, key, f"{_shown(value)} is not one of {', '.join(map(repr, allowed))}")
