"""Bounds on what a stranger's config.json may ask for, and that no published size comes near them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from drasp_cli.checkpoints.registry import shipped_folder
from drasp_cli.errors import ConfigError
from drasp_cli.models.backbones.htsat import HTSAT
from drasp_cli.models.backbones.text import TextTower
from drasp_cli.models.backbones.wavlm import WavLM
from drasp_cli.models.build import build_predictor
from drasp_cli.models.config import (
    HTSATConfig,
    PredictorConfig,
    TextConfig,
    WavLMConfig,
    load_config,
    parse_config,
    to_plain,
)
from drasp_cli.models.limits import (
    LARGEST,
    LONGEST,
    aes_head_values,
    head_values,
    pooling_values,
    text_values,
    tower_values,
    wavlm_values,
)
from drasp_cli.models.pooling import POOLINGS
from drasp_cli.models.predictor import ClapPredictor
from tests.tiny import tiny_audiobox_config, tiny_audiobox_plain, tiny_config, tiny_plain

LAION_LARGE = HTSATConfig(embed_dim=256, depths=(2, 2, 12, 2), num_heads=(4, 8, 16, 32))
WAVLM_LARGE = WavLMConfig(embed_dim=1024, ffn_dim=4096, num_layers=24, num_heads=16)
ROBERTA_LARGE = TextConfig(hidden_size=1024, num_layers=24, num_heads=16, intermediate_size=4096)

FRAMES = [  # a spectrum of 64,000 samples for each sample of a window, in an image with room for them
    *(("audio.window_samples", 65_000), ("logmel.fft_size", 64_000), ("logmel.hop_size", 1)),
    *(("backbone.image_size", 2048), ("backbone.patch_size", 8)),
]


def changed(*changes: tuple[str, Any], plain: dict[str, Any] | None = None) -> dict[str, Any]:
    """Plain data, of the tiny predictor where none is given, with keys in its tables replaced."""
    plain = plain or tiny_plain()
    for key, value in changes:
        table, name = key.split(".")
        plain[table][name] = value
    return plain


def full_size() -> dict[str, Any]:
    """A predictor of the largest published towers, on a vocabulary of a quarter million."""
    text = to_plain(dataclasses.replace(ROBERTA_LARGE, vocab_size=250_002))
    return tiny_plain() | {
        "audio": {"sample_rate": 48000, "frontend_sample_rate": 48000, "window_samples": 480000, "fill": "repeat"},
        "logmel": {"fft_size": 1024, "hop_size": 480, "num_mels": 64, "f_min": 50.0, "f_max": 14000.0},
        "backbone": to_plain(LAION_LARGE) | {"frame_repeat": 32},
        "text": text,
        "heads": tiny_plain()["heads"] | {"embedding_dim": 1024, "hidden": [4096, 1024]},
    }


def values(module: nn.Module) -> int:
    """What a module keeps, in values of four bytes."""
    return sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers())) // 4


@pytest.mark.parametrize(
    ("tower", "mels"),
    [
        (tiny_config().backbone, 16),
        (dataclasses.replace(LAION_LARGE, embed_dim=32), 64),
        (HTSATConfig(image_size=64, patch_size=8, embed_dim=6, depths=(3,), num_heads=(2,), mlp_ratio=1.7), 32),
    ],
)
def test_the_count_of_an_audio_tower_is_what_torch_makes(tower: HTSATConfig, mels: int) -> None:
    assert tower_values(tower, mels) == values(HTSAT(tower, mels))


def test_the_count_of_a_text_tower_is_what_torch_makes() -> None:
    text = TextConfig(300, 16, 3, 2, 40, 34, 32)
    assert text_values(text) == values(TextTower(text))
    assert text_values(TextConfig()) == 124_645_632  # transformers' RobertaModel of roberta-base, pooler included
    assert text_values(ROBERTA_LARGE) == 355_359_744


@pytest.mark.parametrize(
    "tower",
    [
        tiny_audiobox_config().backbone,
        dataclasses.replace(tiny_audiobox_config().backbone, conv_dim=24, num_heads=4, num_layers=1),
        dataclasses.replace(tiny_audiobox_config().backbone, num_mels=7),
        WavLMConfig(num_layers=2),
    ],
)
def test_the_count_of_a_wavlm_tower_is_what_torch_makes(tower: WavLMConfig) -> None:
    assert wavlm_values(tower) == values(WavLM(tower))


def test_the_count_of_the_published_wavlm_is_what_is_published() -> None:
    assert wavlm_values(WavLMConfig()) + 768 == 94_381_936  # with the mask embedding of its pre-training


@pytest.mark.parametrize("layer_norm", [True, False])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_the_count_of_aesthetics_heads_is_what_torch_makes(num_layers: int, layer_norm: bool) -> None:
    heads = {"num_layers": num_layers, "layer_norm": layer_norm, "dropout": 0.0}
    config = tiny_audiobox_config(heads=heads)
    predictor = build_predictor(config)
    assert aes_head_values(config) == values(predictor.proj_layer) + values(predictor.layer_weights)


@pytest.mark.parametrize("num_heads", [1, 2, 8])
@pytest.mark.parametrize("name", POOLINGS)
def test_no_pooling_outgrows_what_is_counted(name: str, num_heads: int) -> None:
    for config in (tiny_config, tiny_audiobox_config):
        made: PredictorConfig = config(pooling={"name": name, "num_heads": num_heads})
        predictor = build_predictor(made)
        counted = pooling_values(made.pooling, made.backbone.dim)
        assert values(predictor.pooling) + values(predictor.pooling_proj) <= counted


def test_pooling_and_projections_do_not_outgrow_what_is_counted() -> None:
    config = load_config(shipped_folder("clap-drasp.mini") / "config.json")
    predictor = ClapPredictor(config)
    counted = tower_values(config.backbone, config.logmel.num_mels) + head_values(config)
    assert values(predictor.pooling) + values(predictor.pooling_proj) < counted / 5
    assert values(predictor.heads) + values(predictor.audio_projection) < head_values(config)


def test_the_largest_published_sizes_and_what_ships_are_allowed() -> None:
    assert parse_config(full_size(), "config.json").backbone.dim == 2048
    load_config(shipped_folder("clap-drasp.mini") / "config.json")
    large = changed(("audio.window_samples", 160_000), plain=tiny_audiobox_plain())
    assert parse_config(large | {"backbone": to_plain(WAVLM_LARGE)}, "config.json").backbone.dim == 1024


@pytest.mark.parametrize(
    ("plain", "table"),
    [
        *((tiny_plain, table) for table in ("audio", "logmel", "backbone", "text", "pooling", "heads")),
        *((tiny_audiobox_plain, table) for table in ("audio", "backbone", "pooling", "heads")),
    ],
)
def test_every_size_has_an_upper_bound(plain: Callable[[], dict[str, Any]], table: str) -> None:
    for name, usual in plain()[table].items():
        if isinstance(usual, bool) or not isinstance(usual, (int, list)):
            continue
        value: Any = [*usual[:-1], 2**31] if isinstance(usual, list) else 2**31
        with pytest.raises(ConfigError, match=r"must be at most .*, not 2,147,483,648") as caught:
            parse_config(changed((f"{table}.{name}", value), plain=plain()), "config.json")
        last = f"[{len(usual) - 1}]" if isinstance(usual, list) else ""
        assert caught.value.key == f"{table}.{name}{last}"


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("backbone.mlp_ratio", [("backbone.mlp_ratio", 1e300)]),
        ("heads.hidden", [("heads.hidden", [1] * (LONGEST + 1))]),
        ("backbone", [("backbone.embed_dim", LARGEST)]),
        ("text", [("text.hidden_size", LARGEST), ("text.vocab_size", LARGEST)]),
        ("heads", [("heads.hidden", [LARGEST, LARGEST])]),
        ("logmel.fft_size", FRAMES),
        ("backbone.frame_repeat", [("backbone.embed_dim", 2048), ("backbone.frame_repeat", 4096)]),
        ("text.max_tokens", [("text.max_positions", 16_384), ("text.max_tokens", 16_000)]),
    ],
)
def test_sizes_that_are_allowed_alone_may_be_too_large_together(key: str, changes: list[tuple[str, Any]]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(changed(*changes), "some/config.json")
    assert (caught.value.source, caught.value.key) == ("some/config.json", key)


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("backbone.conv_kernels", [("backbone.conv_kernels", [1] * 65), ("backbone.conv_strides", [1] * 65)]),
        ("backbone", [("backbone.embed_dim", 24 * 2048)]),
        ("backbone", [("backbone.ffn_dim", LARGEST), ("backbone.embed_dim", 24 * 500)]),
        ("backbone", [("backbone.pos_conv_kernel", LARGEST), ("backbone.embed_dim", 768)]),
        ("heads", [("heads.num_layers", 256), ("backbone.embed_dim", 1536)]),
        ("pooling", [("pooling.num_heads", LARGEST), ("backbone.embed_dim", 384)]),
        ("backbone.conv_dim", [("audio.window_samples", 2**25), ("backbone.conv_dim", 24)]),
        ("backbone.conv_kernels", [("audio.window_samples", 2**16), ("backbone.conv_kernels", [2**14, 3, 3, 2])]),
        ("backbone.num_heads", [("audio.window_samples", 2**20)]),
        ("backbone.embed_dim", [("audio.window_samples", 2**18), ("backbone.embed_dim", 6144)]),
        ("backbone.ffn_dim", [("audio.window_samples", 2**18), ("backbone.ffn_dim", LARGEST)]),
    ],
)
def test_a_wavlm_predictor_may_be_too_large_together(key: str, changes: list[tuple[str, Any]]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(changed(*changes, plain=tiny_audiobox_plain()), "some/config.json")
    assert (caught.value.source, caught.value.key) == ("some/config.json", key)


@pytest.mark.parametrize("depth", [100_000, 900, 300])
@pytest.mark.parametrize("text", ["{}", '{{"name": {}}}', '{{"format_version": {}}}'])
def test_a_config_of_brackets_is_no_traceback(tmp_path: Path, depth: int, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text.format("[" * depth + "]" * depth))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.source == str(path)
    assert len(str(caught.value)) < len(str(path)) + 200


def test_brackets_that_never_close_are_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("[" * 100_000)
    with pytest.raises(ConfigError):
        load_config(path)


def test_what_is_wrong_is_shown_short(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(tiny_plain() | {"audio": "x" * 1_000_000}))
    with pytest.raises(ConfigError, match="must be a table, not 'xxx") as caught:
        load_config(path)
    assert len(str(caught.value)) < len(str(path)) + 200
