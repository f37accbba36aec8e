"""From a file of LAION's to a predictor of ratings: `drasp convert laion-clap`, `drasp train --start`, `drasp score`.

The recipe is that of docs/training.md, with towers small enough for seconds in place of LAION's.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from drasp_cli.models.config import to_plain
from tests.clap_file import TEXT, TOWER, laion_tensors, shrink, tokenizer_folder
from tests.cli.conftest import Run
from tests.docs.pages import ROOT, fenced
from tests.research_folder import pickled

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FROZEN = ("audio_branch.patch_embed", "audio_branch.layers.0", "text_branch.embeddings")
LEARNED_ELSEWHERE = ("audio_branch.", "text_branch.", "audio_projection.", "text_projection.")


def toml(value: object) -> str:
    """A TOML inline value of plain data; None never occurs in it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def small_recipe() -> str:
    """The recipe of the page for small towers: one epoch, small batches, simulated ratings, and a part frozen."""
    (text,) = fenced(ROOT / "docs/training.md", "toml")
    recipe: dict[str, Any] = tomllib.loads(text)
    (stage,) = recipe.pop("stage")
    recipe["predictor"] |= {"backbone": to_plain(TOWER), "text": to_plain(TEXT), "ratings": "simulated"}
    recipe["data"] |= {"batch_size": 4, "vocab_size": TEXT.vocab_size}
    stage |= {"epochs": 1, "freeze": list(FROZEN), "keep": "last"}
    lines = [f"{key} = {toml(value)}" for key, value in recipe.items()]
    return "\n".join([*lines, "[[stage]]", *(f"{key} = {toml(value)}" for key, value in stage.items())])


@pytest.fixture
def laions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Tensor]:
    """What LAION's file laion.pt holds; beside it a folder with its tokenizer."""
    shrink(monkeypatch)
    tensors = laion_tensors(seed=5)
    (tmp_path / "laion.pt").write_bytes(pickled({"epoch": 15, "optimizer": {}, "state_dict": tensors}))
    (tmp_path / "tokens").mkdir()
    tokenizer_folder(tmp_path / "tokens")
    return tensors


def test_training_goes_on_from_the_towers_of_laions_file(drasp: Run, laions: dict[str, Tensor], tmp_path: Path) -> None:
    converted = drasp("convert", "laion-clap", "laion.pt", "towers", "--tokenizer", "tokens")
    assert converted.exit_code == 0, converted.stderr
    sizes = ("--clips", "16", "--systems", "4", "--prompts", "8", "--seconds", "2", "--workers", "1")
    assert drasp("simulate", "data", *sizes).exit_code == 0
    Path("recipe.toml").write_text(small_recipe())
    trained = drasp("train", "recipe.toml", "--data", "data", "--out", "mine", "--start", "./towers")
    assert trained.exit_code == 0, trained.stderr
    assert len(list(csv.DictReader(io.StringIO(Path("mine/training-log.csv").read_text())))) == 1
    assert "Went on from the weights of ./towers@" in Path("mine/README.md").read_text()
    assert Path("mine/tokenizer.json").read_bytes() == Path("towers/tokenizer.json").read_bytes()

    ours = load_file(tmp_path / "mine" / "model.safetensors")
    whole = [name for name in ours if name.startswith(LEARNED_ELSEWHERE) and name in laions]
    assert {name.split(".")[0] for name in whole} == {part.rstrip(".") for part in LEARNED_ELSEWHERE}
    for name in whole:
        if name.startswith(FROZEN) or "running" in name:
            assert torch.equal(ours[name], laions[name]), name
        elif ours[name].ndim > 1:  # one epoch from where LAION's were, and not from anywhere else
            moved = float((ours[name] - laions[name]).norm() / laions[name].norm())
            assert moved < 0.05, name
    trained_on = [name for name in whole if name.startswith("audio_branch.layers.3") and ours[name].ndim > 1]
    assert any(not torch.equal(ours[name], laions[name]) for name in trained_on)

    prompts = ("--prompts", "data/prompt_info.txt", "--prompt-pattern", r"_(P[0-9]+)")
    scored = drasp("score", "data/wav", *prompts, "--model", "./mine")
    assert scored.exit_code == 0, scored.stderr
    assert all(row["MI"] and row["TA"] for row in csv.DictReader(io.StringIO(scored.stdout)))


def test_another_tower_than_the_recipes_is_refused_by_the_key_that_differs(
    drasp: Run, laions: dict[str, Tensor]
) -> None:
    drasp("convert", "laion-clap", "laion.pt", "towers", "--tokenizer", "tokens")
    Path("data").mkdir()
    other = to_plain(dataclasses.replace(TOWER, depths=(2, 2, 6, 2)))
    Path("recipe.toml").write_text(small_recipe().replace(toml(to_plain(TOWER)), toml(other)))
    run = drasp("train", "recipe.toml", "--data", "data", "--out", "mine", "--start", "./towers")
    assert run.exit_code == 1
    assert "predictor.backbone.depths is (2, 2, 2, 2), the recipe's (2, 2, 6, 2)" in run.stderr
    assert not Path("mine").exists()
