"""LAION-CLAP's towers to a checkpoint folder, and what can be done with it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from drasp_cli.checkpoints.convert.laion import convert_laion
from drasp_cli.checkpoints.registry import ROBERTA
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.errors import InputError
from drasp_cli.models.build import build_predictor
from drasp_cli.models.config import ClapConfig, HeadConfig
from drasp_cli.models.pooling import PoolingConfig
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.training.going_on import check_start, take_over
from tests.clap_file import laion_constants, laion_tensors, plant_laion, shrink, tokenizer_folder
from tests.research_folder import pickled


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def saved(folder: Path, tensors: dict[str, Tensor], prefix: str = "module.") -> str:
    """As LAION's training loop saves it: losses are numpy's, and the optimizer is as large as the network."""
    content = {
        "epoch": 15,
        "name": "music",
        "loss": np.float64(0.5),
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(1000)}}},
        "state_dict": {prefix + name: tensor for name, tensor in tensors.items()},
    }
    (folder / "music.pt").write_bytes(pickled(content))
    return str(folder / "music.pt")


def loaded(out: Path) -> ClapPredictor:
    predictor = load_predictor(f"{out}/").predictor
    assert isinstance(predictor, ClapPredictor)
    return predictor


@pytest.mark.parametrize("constants", [{}, laion_constants()], ids=["without", "with"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_embeddings_are_those_of_its_towers(tmp_path: Path, prefix: str, constants: dict[str, Tensor]) -> None:
    """The tower's mean over time, `audio_projection`, length 1: nothing of ours between them."""
    tensors = laion_tensors()
    convert_laion(saved(tmp_path, tensors | constants, prefix), tmp_path / "out")
    predictor = loaded(tmp_path / "out")
    samples = 0.1 * torch.randn(2, 480_000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logmel = predictor.logmel(samples)
        x = predictor.audio_branch(logmel).frames.mean(dim=1)
        for name in ("audio_projection.0", "audio_projection.2"):
            x = F.linear(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])
            x = x.relu() if name.endswith("0") else x
        torch.testing.assert_close(predictor.embed_audio(logmel), F.normalize(x, dim=-1))
    for name, tensor in predictor.state_dict().items():
        assert torch.equal(tensor, tensors[name]), name


def test_the_config_is_laions_and_names_no_rating(tmp_path: Path) -> None:
    convert_laion(saved(tmp_path, laion_tensors()), tmp_path / "out")
    config = load_predictor(f"{tmp_path}/out").config
    assert isinstance(config, ClapConfig)
    assert (config.axes, config.pooling, config.ratings) == (("CLAP",), None, "none")
    assert (config.audio.sample_rate, config.audio.frontend_sample_rate) == (48_000, 48_000)
    assert (config.audio.window_seconds, config.audio.fill) == (10.0, "repeat")


def test_only_what_laion_published_has_laions_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = saved(tmp_path, laion_tensors())
    convert_laion(source, tmp_path / "unknown")
    content = Path(source).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    plant_laion(monkeypatch, "0" * 40, content, ROBERTA)
    convert_laion(source, tmp_path / "known")
    unknown, known = (load_predictor(f"{tmp_path / name}/").config for name in ("unknown", "known"))
    assert (unknown.licence, known.licence) == ("unknown", "CC0-1.0")
    card = (tmp_path / "known" / "README.md").read_text()
    assert "They are the weights that LAION published" in card
    assert digest in card
    assert "Their SHA-256 is not one that is known here" in (tmp_path / "unknown" / "README.md").read_text()


def test_training_starts_from_its_towers(tmp_path: Path) -> None:
    """Both towers and both projections are taken over by a predictor with a pooling and heads of its own."""
    convert_laion(
        saved(tmp_path, laion_tensors()), tmp_path / "out", tokenizer=str(tokenizer_folder(tmp_path / "tokens"))
    )
    start = load_predictor(f"{tmp_path}/out/")
    assert isinstance(start.config, ClapConfig)
    targets = dict.fromkeys(("MI", "TA"), start.config.targets["CLAP"])
    config = dataclasses.replace(
        start.config,
        axes=("MI", "TA"),
        targets=targets,
        pooling=PoolingConfig("DualResolutionAttentiveStatistics"),
        heads=HeadConfig(embedding_dim=512),
    )
    check_start(start, config)
    predictor = build_predictor(config)
    assert take_over(start, predictor) == start.predictor.state_dict().keys()
    fresh = {name.split(".")[0] for name in predictor.state_dict().keys() - start.predictor.state_dict().keys()}
    assert fresh == {"pooling", "pooling_proj", "heads"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"text_branch.pooler.dense.bias": None}, "1 tensor is missing: text_branch.pooler.dense.bias"),
        (
            {"audio_branch.patch_embed.fusion_model.local_att.0.weight": torch.ones(1)},
            "1 tensor is not part of this predictor: audio_branch.patch_embed.fusion_model.local_att.0.weight",
        ),
        (
            {"audio_projection.0.bias": torch.ones(256)},
            "tensors of the wrong shape: audio_projection.0.bias is (256,), expected (512,)",
        ),
        (
            {"audio_branch.logmel_extractor.melW": torch.ones(513, 64)},
            "a constant differs from the one the config implies: audio_branch.logmel_extractor.melW",
        ),
        (
            {"text_branch.embeddings.position_ids": torch.arange(35)[None]},
            "a constant differs from the one the config implies: text_branch.embeddings.position_ids",
        ),
    ],
)
def test_tensors_must_be_exactly_those_of_the_towers(
    tmp_path: Path, change: dict[str, Tensor | None], reason: str
) -> None:
    tensors = {name: tensor for name, tensor in {**laion_tensors(), **change}.items() if tensor is not None}
    source = saved(tmp_path, tensors)
    with pytest.raises(InputError) as caught:
        convert_laion(source, tmp_path / "out")
    assert str(caught.value) == f"{source}: {reason}"
    assert not (tmp_path / "out").exists()


def test_a_folder_is_none_of_its_files(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=f"{re.escape(str(tmp_path))}: is a folder; laion-clap's checkpoints are files"
    ):
        convert_laion(str(tmp_path), tmp_path / "out")
