from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from drasp_cli.datatypes import WindowBatch
from drasp_cli.errors import ConfigError
from drasp_cli.models.build import build_predictor
from drasp_cli.models.config import ARCHITECTURES, PredictorConfig, load_config, parse_config, save_config, to_plain
from tests.tiny import tiny_audiobox_config, tiny_audiobox_plain, tiny_config, tiny_plain

PLAIN = {"clap": tiny_plain, "audiobox": tiny_audiobox_plain}


@pytest.mark.parametrize(
    "config", [tiny_config(), tiny_audiobox_config(), tiny_audiobox_config(pooling=None)], ids=lambda c: c.name
)
def test_a_saved_config_reads_back_equal(tmp_path: Path, config: PredictorConfig) -> None:
    save_config(config, tmp_path / "config.json")
    assert load_config(tmp_path / "config.json") == config


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_plain_data_survives_json(architecture: str) -> None:
    config = parse_config(PLAIN[architecture](), "x")
    assert type(config) is ARCHITECTURES[architecture].config
    assert config.architecture == architecture
    assert parse_config(json.loads(json.dumps(to_plain(config))), "x") == config


def set_key(plain: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        plain = plain[parent]
    plain[last] = value


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("colour", 1, "not a key"),
        ("audio.hop", 1, "not a key"),
        ("audio.sample_rate", "16 kHz", "must be int"),
        ("audio.sample_rate", True, "must be int"),
        ("audio.sample_rate", 8000.0, "must be int"),
        ("audio.fill", "mirror", "not one of"),
        ("axes", "MI", "must be a list"),
        ("axes", [], "at least one"),
        ("axes", ["MI", "XX"], "must be among"),
        ("architecture", "wav2vec", "not one of"),
        ("architecture", ["clap"], "not one of"),
        ("format_version", 2, "not one of"),
        ("pooling.name", "Max", "no pooling is called"),
        ("pooling.segment_size", 0, "at least 1"),
        ("targets", {"MI": {"mean": 3.0, "std": 1.0}}, "exactly the axes"),
        ("text", None, "needed for TA"),
        ("logmel.f_max", 5000.0, "half of"),
        ("logmel.num_mels", 15, "multiple"),
        ("backbone.num_heads", [2], "one entry"),
        ("backbone.num_heads", [3, 4], "divide"),
        ("backbone.window_size", 3, "divide"),
        ("audio.window_samples", 80000, "more than"),
        ("text.max_tokens", 33, "max_positions"),
        ("text.vocab_size", 1, "exceed text.pad_token"),
        ("text.pad_token", -1, "must be positive"),
        ("axes", ["MI", "MI"], "twice"),
        ("backbone.depths", [2, 0], r"depths\[1\]: must be positive"),
        ("backbone.num_heads", [0, 4], r"num_heads\[0\]: must be positive"),
        ("backbone.mlp_ratio", 0.1, "at least one unit"),
        ("heads.hidden", [8, -1], r"hidden\[1\]: must be positive"),
        ("heads.dropout", 1.0, "less than 1"),
        ("heads.dropout", -0.1, "less than 1"),
        ("targets.TA.std", -1.0, r"targets\.TA\.std: must be positive"),
        ("logmel.f_max", 10**400, "finite"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(key: str, value: Any, reason: str) -> None:
    plain = tiny_plain()
    set_key(plain, key, value)
    with pytest.raises(ConfigError, match=reason) as caught:
        parse_config(plain, "some/config.json")
    assert "some/config.json" in str(caught.value)


def test_claps_cosine_needs_a_text_tower() -> None:
    clap = {"axes": ["CLAP"], "targets": {"CLAP": {"mean": 0.0, "std": 1.0}}}
    assert parse_config(tiny_plain() | clap, "some/config.json").axes == ("CLAP",)
    with pytest.raises(ConfigError, match="text: is needed for CLAP"):
        parse_config(tiny_plain() | clap | {"text": None}, "some/config.json")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("logmel", tiny_plain()["logmel"], "not a key"),
        ("text", None, "not a key"),
        ("heads.hidden", [8], "not a key"),
        ("axes", ["PQ", "MI"], r"must be among \['CE', 'CU', 'PC', 'PQ'\]"),
        ("axes", ["PQ", "PC"], "targets: must hold exactly"),
        ("audio.fill", "repeat", "not one of 'zero'"),
        ("audio.frontend_sample_rate", 16_000, "must equal audio.sample_rate"),
        ("audio.window_samples", 59, "at least 60, the samples that one frame hears"),
        ("backbone.conv_strides", [5, 2, 2], "one entry for each of conv_kernels"),
        ("backbone.conv_kernels", [], "one entry for each of conv_kernels"),
        ("backbone.conv_kernels", [10, 3, 0, 2], r"conv_kernels\[2\]: must be positive"),
        ("backbone.num_mels", 0, r"num_mels: must be positive"),
        ("backbone.num_mels", 2**11, r"num_mels: must be at most 1,024"),
        ("backbone.num_heads", 5, r"must divide backbone\.embed_dim \(24\)"),
        ("backbone.pos_conv_groups", 5, r"must divide backbone\.embed_dim \(24\)"),
        ("backbone.num_buckets", 15, "even and at least 4"),
        ("backbone.num_buckets", 2, "even and at least 4"),
        ("backbone.max_distance", 4, "must exceed 4, a quarter"),
        ("heads.num_layers", 0, "must be positive"),
        ("heads.dropout", 1.0, "less than 1"),
        ("pooling.name", "Max", "no pooling is called"),
        ("targets.PC.std", 0.0, r"targets\.PC\.std: must be positive"),
    ],
)
def test_a_wrong_value_of_a_wavlm_predictor_is_refused_with_its_key(key: str, value: Any, reason: str) -> None:
    plain = tiny_audiobox_plain()
    set_key(plain, key, value)
    with pytest.raises(ConfigError, match=reason) as caught:
        parse_config(plain, "some/config.json")
    assert caught.value.source == "some/config.json"


def test_log_mels_need_a_convolution_behind_them() -> None:
    plain = tiny_audiobox_plain()
    plain["backbone"] |= {"num_mels": 4, "conv_kernels": [40], "conv_strides": [20]}
    with pytest.raises(ConfigError, match=r"conv_kernels: must have a second entry"):
        parse_config(plain, "some/config.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [("audio.window_samples", 60), ("backbone.max_distance", 5), ("backbone.num_buckets", 4), ("heads.num_layers", 1)],
)
def test_the_smallest_sizes_of_a_wavlm_predictor_can_be_built(key: str, value: int) -> None:
    plain = tiny_audiobox_plain()
    set_key(plain, key, value)
    config = parse_config(plain, "config.json")
    window = torch.zeros(1, config.audio.window_samples)
    scores = build_predictor(config)(WindowBatch(window, torch.tensor([1])))
    assert tuple(scores) == config.axes
    assert all(column.isfinite().all() for column in scores.values())


def numbers(plain: Any, key: str = "") -> Iterator[tuple[str, int | float]]:
    """Every number in plain data, with its dotted key; those in lists are left out."""
    for name, value in plain.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{key}{name}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{key}{name}", value


# What 0 or -1 may be: padding has a token's id, a mean may be anything, no dropout and a first edge at 0 Hz are usual.
ALLOWED = {
    ("text.pad_token", 0),
    ("heads.dropout", 0),
    ("logmel.f_min", 0),
    *((f"targets.{axis}.mean", value) for axis in ("MI", "TA", "PQ", "PC", "CE", "CU") for value in (0, -1)),
}


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("architecture", "key", "usual"), [(name, *number) for name, plain in PLAIN.items() for number in numbers(plain())]
)
def test_no_number_may_be_zero_negative_or_not_finite(
    tmp_path: Path, architecture: str, key: str, usual: float, value: float
) -> None:
    plain = PLAIN[architecture]()
    set_key(plain, key, type(usual)(value) if math.isfinite(value) else value)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(plain))
    if (key, value) in ALLOWED:
        load_config(path)
        return
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    blamed = "logmel.f_max" if key == "logmel.f_min" and math.isfinite(value) else key  # the two edges are one check
    assert caught.value.key == blamed
    assert caught.value.source == str(path)


def test_a_newer_file_is_refused_by_its_version_not_by_its_new_key() -> None:
    with pytest.raises(ConfigError, match="not one of the versions") as caught:
        parse_config(tiny_plain() | {"format_version": 2, "spatial_audio": True}, "config.json")
    assert caught.value.key == "format_version"


def test_an_integer_too_long_to_read_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"format_version": ' + "9" * 5000 + "}")
    with pytest.raises(ConfigError):
        load_config(path)


@pytest.mark.parametrize(
    "key", ["name", "architecture", "audio", "logmel.hop_size", "pooling.name", "targets", "licence"]
)
def test_a_missing_key_is_named(key: str) -> None:
    plain = tiny_plain()
    *parents, last = key.split(".")
    table = plain
    for parent in parents:
        table = table[parent]
    del table[last]
    with pytest.raises(ConfigError, match=rf"{key}: is missing"):
        parse_config(plain, "config.json")


def test_a_file_that_is_not_json_or_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with pytest.raises(ConfigError, match="is not there"):
        load_config(path)
    path.write_text("{")
    with pytest.raises(ConfigError, match="not readable as JSON"):
        load_config(path)
