"""Converted checkpoints against the scores of the programs that they are from (make_golden_wavlm.py).

Seeded weights in the names, files and prefixes of those programs go through conversion, and clips from their files,
0.3 to 25 s long, through the scoring pipeline; the golden scores are those of audiobox-aesthetics 0.0.4 and of the
research code.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from drasp_cli.checkpoints import meta
from drasp_cli.checkpoints.convert.audiobox import convert_audiobox
from drasp_cli.checkpoints.convert.track2 import convert_track2
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.datatypes import Clip
from drasp_cli.models.config import WavLMConfig
from drasp_cli.scoring import score_clips
from tests.meta_folder import meta_plain
from tests.parity.audiobox_case import (
    AXES,
    RESEARCH_POOLINGS,
    SEGMENT_SIZE,
    SMALL,
    SMALL_SIZE,
    TARGETS,
    seeded_audiobox_tensor,
)
from tests.parity.test_wavlm_parity import GOLDEN, assert_close, seeded


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta, "TOWER", WavLMConfig(**SMALL))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("clips")
    return [Clip(sound.write(folder)) for sound in SMALL_SIZE]


def theirs(pooling: str | None) -> dict[str, Tensor]:
    """Every tensor of a checkpoint of theirs, with the one that only pre-training reads."""
    tower = meta.TOWER
    name = "wavlm_model.mask_emb"
    extra = {name: torch.from_numpy(seeded_audiobox_tensor(name, (tower.dim,)))}
    return dict(seeded(tower, pooling).state_dict()) | extra


def assert_scores(out: Path, clips: list[Clip], golden: str) -> None:
    rows = list(score_clips(load_predictor(f"{out}/"), clips))
    ours = np.array([[row.scores[axis] for axis in AXES] for row in rows])
    assert_close(ours, GOLDEN[golden], 1e-4)


def test_metas_pickle_scores_as_the_reference_does(clips: list[Clip], tmp_path: Path) -> None:
    settings = meta_plain()
    del settings["target_transform"]
    named = {f"model.{name}": tensor for name, tensor in theirs(None).items()}
    torch.save({"model_cfg": settings, "target_transform": TARGETS, "state_dict": named}, tmp_path / "checkpoint.pt")
    convert_audiobox(str(tmp_path / "checkpoint.pt"), tmp_path / "out")
    assert_scores(tmp_path / "out", clips, "small/mean")


@pytest.mark.parametrize("kind", ["folder", "bare", "parallel"])
@pytest.mark.parametrize("pooling", RESEARCH_POOLINGS)
def test_research_checkpoints_score_as_the_research_code_does(
    clips: list[Clip], tmp_path: Path, pooling: str, kind: str
) -> None:
    tensors = theirs(pooling)
    if kind == "folder":
        (tmp_path / "src").mkdir()
        plain = meta_plain(target_transform=TARGETS, pooling_type=pooling, segment_size=SEGMENT_SIZE)
        (tmp_path / "src" / "config.json").write_text(json.dumps(plain))
        save_file(tensors, tmp_path / "src" / "model.safetensors")
        convert_track2(str(tmp_path / "src"), tmp_path / "out")
    else:
        prefix = "module." if kind == "parallel" else ""
        torch.save({"state_dict": {prefix + name: tensor for name, tensor in tensors.items()}}, tmp_path / "best.pt")
        (tmp_path / "targets.json").write_text(json.dumps(TARGETS))
        convert_track2(
            str(tmp_path / "best.pt"),
            tmp_path / "out",
            pooling=pooling,
            segment_size=SEGMENT_SIZE,
            target_transform=str(tmp_path / "targets.json"),
        )
    assert_scores(tmp_path / "out", clips, f"small/{pooling}")
