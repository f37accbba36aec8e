from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from drasp_cli.checkpoints import meta
from drasp_cli.checkpoints.meta import is_meta_config, parse_meta_config
from drasp_cli.checkpoints.registry import REGISTRY
from drasp_cli.checkpoints.resolve import Found
from drasp_cli.checkpoints.store import found_config, load_predictor, save_checkpoint
from drasp_cli.datatypes import WindowBatch
from drasp_cli.errors import CheckpointError, ConfigError
from drasp_cli.models.aes_heads import AesHeadConfig
from drasp_cli.models.config import TargetTransform, WavLMConfig
from tests.meta_folder import SMALL, meta_files, meta_plain, meta_tensors
from tests.tiny import tiny_audiobox_plain, tiny_plain


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of Meta's kind with a small tower."""
    monkeypatch.setattr(meta, "TOWER", SMALL)
    (tmp_path / "meta").mkdir()
    for name, content in meta_files(meta_tensors()).items():
        (tmp_path / "meta" / name).write_bytes(content)
    return tmp_path / "meta"


def window() -> WindowBatch:
    samples = torch.zeros(1, 160_000)
    samples[0, :20_000] = 0.1 * torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    return WindowBatch(samples, torch.tensor([20_000]))


def test_the_published_config_is_the_published_predictor() -> None:
    config = parse_meta_config(meta_plain(), "config.json")
    assert config.axes == ("PQ", "PC", "CE", "CU")
    assert config.backbone == WavLMConfig()
    assert config.heads == AesHeadConfig(num_layers=5, layer_norm=True, dropout=0.0)
    assert config.pooling is None
    assert config.targets["PQ"] == TargetTransform(6.4, 1.25)
    assert (config.audio.sample_rate, config.audio.window_seconds, config.audio.fill) == (16_000, 10.0, "zero")
    assert (config.ratings, config.licence) == ("human", "CC-BY-4.0")


def test_what_is_missing_is_as_the_published_class_has_it() -> None:
    config = parse_meta_config({"target_transform": meta_plain()["target_transform"]}, "config.json")
    assert config.heads == AesHeadConfig(num_layers=1, layer_norm=False, dropout=0.0)


def test_it_is_told_from_ours() -> None:
    assert is_meta_config(meta_plain())
    assert not any(map(is_meta_config, (tiny_plain(), tiny_audiobox_plain(), {}, [], None)))


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("pooling_type", "drsp", "pooling_type: is of the DRASP research code; drasp convert drasp-track2 makes"),
        ("proj_num_layer", 0, "proj_num_layer: must be positive"),
        ("proj_num_layer", "5", "proj_num_layer: must be int"),
        ("proj_num_layer", 10**6, "must be at most"),
        ("proj_act_fn", "relu", "proj_act_fn: must be 'gelu'"),
        ("nth_layer", 12, "nth_layer: must be 13"),
        ("use_weighted_layer_sum", False, "use_weighted_layer_sum: must be True"),
        ("normalize_embed", False, "normalize_embed: must be True"),
        ("output_dim", 2, "output_dim: must be 1"),
        ("target_transform", None, "target_transform: must be a table"),
        ("target_transform", {"PQ": {"mean": 5.0, "std": 1.0}}, "target_transform: must hold exactly the axes"),
        ("target_transform", {"PQ": {"mean": math.nan, "std": 1.0}}, r"target_transform\.PQ\.mean: must be a finite"),
    ],
)
def test_what_the_published_weights_are_not_is_refused(key: str, value: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        parse_meta_config(meta_plain(**{key: value}), "some/config.json")
    assert caught.value.source == "some/config.json"


def test_a_folder_loads_with_the_tensors_it_holds(folder: Path) -> None:
    checkpoint = load_predictor(f"{folder}/")
    loaded = checkpoint.predictor.state_dict()
    tensors = meta_tensors()
    assert tensors.keys() - loaded.keys() == {"wavlm_model.mask_emb"}
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in loaded.items())
    assert checkpoint.config == found_config(Found("meta", folder))
    assert checkpoint.tokenizer is None


def test_what_is_saved_of_it_is_ours_and_scores_alike(folder: Path, tmp_path: Path) -> None:
    theirs = load_predictor(f"{folder}/")
    save_checkpoint(tmp_path / "ours", theirs.predictor, None, "# ours\n")
    ours = load_predictor(f"{tmp_path}/ours")
    assert ours.config == theirs.config
    with torch.inference_mode():
        assert ours.predictor(window()) == theirs.predictor(window())


@pytest.mark.parametrize("name", ["wavlm_model.mask_emb", "stray"])
def test_only_pre_trainings_own_tensor_may_be_there_too(folder: Path, tmp_path: Path, name: str) -> None:
    """In a folder of Meta's, and nothing in one of ours."""
    place = folder
    if name == "wavlm_model.mask_emb":
        place = tmp_path / "ours"
        save_checkpoint(place, load_predictor(f"{folder}/").predictor, None, "# ours\n")
    save_file(meta_tensors() | {name: torch.ones(24)}, place / "model.safetensors")
    with pytest.raises(CheckpointError, match=f"not part of this predictor: {name}"):
        load_predictor(f"{place}/")


def test_a_missing_tensor_is_named(folder: Path) -> None:
    tensors = meta_tensors()
    del tensors["layer_weights.PQ"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"1 tensor is missing: layer_weights\.PQ"):
        load_predictor(f"{folder}/")


def test_the_registry_pins_what_it_downloads() -> None:
    for name, entry in REGISTRY.items():
        if entry.hub is not None:
            assert entry.hub.files.keys() >= {"config.json", "model.safetensors"}
        source = entry.hub or (entry.conversion.source if entry.conversion else None)
        assert (source is None) == (entry.kind == "shipped")
        if source is not None:
            assert len(source.revision or "") == 40, name
            assert all(len(facts.digest) == len("sha256:") + 64 for facts in source.files.values())
