from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drasp_cli.errors import ConfigError
from drasp_cli.models.config import load_config, parse_config, save_config, to_plain
from tests.tiny import tiny_config, tiny_plain


def test_a_saved_config_reads_back_equal(tmp_path: Path) -> None:
    save_config(tiny_config(), tmp_path / "config.json")
    assert load_config(tmp_path / "config.json") == tiny_config()


def test_plain_data_survives_json() -> None:
    assert parse_config(json.loads(json.dumps(to_plain(tiny_config()))), "x") == tiny_config()


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
    ],
)
def test_a_wrong_value_is_refused_with_its_key(key: str, value: Any, reason: str) -> None:
    plain = tiny_plain()
    set_key(plain, key, value)
    with pytest.raises(ConfigError, match=reason) as caught:
        parse_config(plain, "some/config.json")
    assert "some/config.json" in str(caught.value)


@pytest.mark.parametrize("key", ["name", "audio", "logmel.hop_size", "pooling.name", "targets", "licence"])
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
