"""Checkpoint folders as Meta's audiobox-aesthetics saves them: `config.json` and `model.safetensors`.

Their config holds the arguments of the published class (`AesMultiOutput`, release 0.0.4) and nothing of how audio is
prepared, of the tower's size, or of what it was trained on: those stand in the published code and are constants here.
Their tensors have the names of our own predictor, beside one that only pre-training reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from torch import Tensor

from drasp_cli.checkpoints.registry import AUDIOBOX_AXES, AUDIOBOX_META
from drasp_cli.errors import ConfigError
from drasp_cli.models.aes_heads import AesHeadConfig
from drasp_cli.models.backbones.wavlm import PRETRAINING_ONLY
from drasp_cli.models.config import (
    AudioboxConfig,
    AudioConfig,
    TargetTransform,
    WavLMConfig,
    from_plain,
    parse_config,
    to_plain,
)

TOWER = WavLMConfig()
AUDIO = AudioConfig(sample_rate=16_000, frontend_sample_rate=16_000, window_samples=160_000, fill="zero")

LEFT_OUT = frozenset(f"wavlm_model.{name}" for name in PRETRAINING_ONLY)
"""Tensors of such a folder that the predictor does not have."""

RESEARCH_KEY = "pooling_type"
"""Says the pooling in a folder of the DRASP research code, which is otherwise of Meta's kind."""

# Of the training, and an autocast that the published class never turns on.
_WITHOUT_EFFECT = ("freeze_encoder", "precision")


@dataclass(frozen=True)
class _Arguments:
    """Arguments of the published class that decide a score, with its own defaults."""

    target_transform: Mapping[str, TargetTransform]
    proj_num_layer: int = 1
    proj_ln: bool = False
    proj_act_fn: str = "gelu"
    proj_dropout: float = 0.0
    nth_layer: int = 13
    use_weighted_layer_sum: bool = True
    normalize_embed: bool = True
    output_dim: int = 1


def is_meta_config(data: Any) -> bool:
    """Whether plain data of a `config.json` is of such a folder: ours always says an architecture, theirs never."""
    return isinstance(data, Mapping) and "architecture" not in data and "target_transform" in data


def meta_arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Of the settings of a training run, those that the published class takes and that decide a score."""
    return {f.name: settings[f.name] for f in fields(_Arguments) if f.name in settings}


def without_pretraining(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of such a folder without those that the predictor does not have."""
    return {name: tensor for name, tensor in tensors.items() if name not in LEFT_OUT}


def parse_meta_config(data: Mapping[str, Any], source: str) -> AudioboxConfig:
    """The predictor that the config of such a folder describes.

    Args:
        data: what `is_meta_config` is true of.
        source: its file, for messages.

    Raises:
        ConfigError: it is of the research code, which adds a pooling; or a key is unknown, of the wrong kind, or asks
            for what the published weights are not: another activation, the last layer alone in place of a mix of all,
            or embeddings of any length.
    """
    if RESEARCH_KEY in data:
        reason = "is of the DRASP research code; drasp convert drasp-track2 makes a checkpoint folder of such a folder"
        raise ConfigError(source, RESEARCH_KEY, reason)
    arguments = from_plain(_Arguments, {k: v for k, v in data.items() if k not in _WITHOUT_EFFECT}, source)
    fixed = {
        "proj_act_fn": "gelu",
        "nth_layer": TOWER.num_layers + 1,
        "use_weighted_layer_sum": True,
        "normalize_embed": True,
        "output_dim": 1,
    }
    for key, value in fixed.items():
        if getattr(arguments, key) != value:
            raise ConfigError(source, key, f"must be {value!r}, not {getattr(arguments, key)!r}: nothing else is read")
    if arguments.proj_num_layer < 1:
        raise ConfigError(source, "proj_num_layer", f"must be positive, not {arguments.proj_num_layer}")
    if set(arguments.target_transform) != set(AUDIOBOX_AXES):
        raise ConfigError(source, "target_transform", f"must hold exactly the axes {list(AUDIOBOX_AXES)}")
    config = AudioboxConfig(
        name=AUDIOBOX_META,
        architecture="audiobox",
        axes=AUDIOBOX_AXES,
        audio=AUDIO,
        targets={axis: arguments.target_transform[axis] for axis in AUDIOBOX_AXES},
        ratings="human",
        licence="CC-BY-4.0",
        training_data="speech, music and other sound, rated for Audiobox Aesthetics (Meta, 2025)",
        backbone=TOWER,
        pooling=None,
        heads=AesHeadConfig(arguments.proj_num_layer, arguments.proj_ln, arguments.proj_dropout),
    )
    parse_config(to_plain(config), source)  # bounds on what a stranger's file may ask for
    return config
