"""The loop with a tower of samples: the same promises as with log-mels."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.errors import InputError, TrainingError
from drasp_cli.models.config import parse_config
from drasp_cli.training.examples import load_examples
from drasp_cli.training.loop import LOG_FILE, fit
from drasp_cli.training.recipe import DataRecipe, Recipe, StageRecipe
from tests.tiny import tiny_audiobox_plain, tiny_config
from tests.unit.training.dataset import make_aes_dataset, make_dataset
from tests.unit.training.test_loop import Silent, Stops, train

LOSSES = {"ratings": 1.0, "causes": 5.0, "attributes": 1.0}


def recipe(*stages: StageRecipe, **changes: object) -> Recipe:
    plain = tiny_audiobox_plain() | {"ratings": "simulated", "training_data": "tones"} | changes
    return Recipe(7, parse_config(plain, "tiny"), DataRecipe(batch_size=4, gain_db=1.0), stages)


TWO_STAGES = recipe(
    StageRecipe("causes", 2, LOSSES, learning_rate=3e-3, schedule="cosine", warmup=0.5, precision="bf16", keep="last"),
    StageRecipe("ratings", 2, {"ratings": 1.0}, learning_rate=1e-3, rating_loss="mse+l1"),
)


def log_of(out: Path) -> list[dict[str, str]]:
    with (out / LOG_FILE).open() as file:
        return list(csv.DictReader(file))


def test_a_checkpoint_folder_comes_out(tmp_path: Path) -> None:
    train(make_aes_dataset(tmp_path / "data"), tmp_path / "out", recipe=TWO_STAGES)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
        LOG_FILE,
    ]
    checkpoint = load_predictor(f"{tmp_path}/out")
    assert checkpoint.config == TWO_STAGES.predictor
    assert checkpoint.tokenizer is None
    card = (tmp_path / "out" / "README.md").read_text()
    assert "The ratings behind this checkpoint are simulated" in card
    assert "Predicts PQ and PC and CE and CU with DualResolutionAttentiveStatistics pooling." in card
    rows = log_of(tmp_path / "out")
    assert [row["stage"] for row in rows] == ["causes", "causes", "ratings", "ratings"]
    assert all(float(row[f"dev_srcc_{axis}"]) <= 1 for row in rows for axis in ("PQ", "PC", "CE", "CU"))


@pytest.mark.parametrize("epoch", [2, 4])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_weights(tmp_path: Path, epoch: int) -> None:
    data = make_aes_dataset(tmp_path / "data")
    whole = train(data, tmp_path / "whole", recipe=TWO_STAGES)
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "stopped", recipe=TWO_STAGES, monitor=Stops(epoch))
    resumed = train(data, tmp_path / "stopped", recipe=TWO_STAGES, resume=True)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_it_learns_what_can_be_heard(tmp_path: Path) -> None:
    """Noise lowers PQ here, and PC counts tones; after a short training the validation SRCC says both were heard."""
    data = make_aes_dataset(tmp_path / "data", clips=48)
    train(data, tmp_path / "out", recipe=recipe(StageRecipe("all", 10, LOSSES, learning_rate=3e-3)))
    rows = log_of(tmp_path / "out")
    for axis in ("PQ", "PC"):
        assert max(float(row[f"dev_srcc_{axis}"]) for row in rows) > 0.8
    for loss in LOSSES:
        assert float(rows[-1][f"train_{loss}"]) < 0.7 * float(rows[0][f"train_{loss}"])


def test_order_is_taught_by_faults_of_the_samples(tmp_path: Path) -> None:
    stage = StageRecipe("order", 6, {**LOSSES, "order": 5.0}, learning_rate=3e-3, order_margin=0.5, keep="last")
    data = DataRecipe(batch_size=4, gain_db=1.0, colour_db=3.0, worse=2, order_axis="PQ")
    train(make_aes_dataset(tmp_path / "data"), tmp_path / "out", recipe=replace(recipe(stage), data=data))
    taught = [float(row["train_order"]) for row in log_of(tmp_path / "out")]
    assert len(taught) == 6
    assert min(taught[-2:]) < taught[0]


def test_a_plain_mean_is_trained_too_and_its_card_says_so(tmp_path: Path) -> None:
    bare = recipe(StageRecipe("all", 1, LOSSES), pooling=None)
    weights = train(make_aes_dataset(tmp_path / "data"), tmp_path / "out", recipe=bare)
    assert not any(name.startswith("pooling") for name in weights)
    assert "with masked mean pooling." in (tmp_path / "out" / "README.md").read_text()


def test_samples_are_kept_where_asked_and_made_once(tmp_path: Path) -> None:
    data, kept, short = make_aes_dataset(tmp_path / "data"), tmp_path / "kept", recipe(StageRecipe("all", 1, LOSSES))
    fit(short, data, tmp_path / "a", resume=False, features=kept, device="cpu", monitor=Silent())
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert sorted(before) == ["dev.i16", "dev.json", "train.i16", "train.json"]
    fit(short, data, tmp_path / "b", resume=False, features=kept, device="cpu", monitor=Silent())
    assert {path.name: path.stat().st_mtime_ns for path in kept.iterdir()} == before
    first, second = (load_file(tmp_path / out / "model.safetensors") for out in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_data_set_of_other_axes_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is in MusicEval's layout, rated on MI, TA, and not on PQ"):
        train(make_dataset(tmp_path / "music"), tmp_path / "out", recipe=TWO_STAGES)
    clap = Recipe(7, tiny_config(ratings="simulated"), DataRecipe(vocab_size=300), TWO_STAGES.stage)
    with pytest.raises(InputError, match=r"is in AES-Natural's layout, rated on PQ, PC, CE, CU, and not on MI, TA"):
        train(make_aes_dataset(tmp_path / "aes"), tmp_path / "out", recipe=clap)
    assert not (tmp_path / "out").exists()


def test_losses_on_causes_need_causes(tmp_path: Path) -> None:
    data = make_aes_dataset(tmp_path / "data", causes=False)
    human = {"ratings": "human"}
    with pytest.raises(TrainingError, match=r"wants causes, attributes, but .* has no causes\.csv"):
        train(data, tmp_path / "out", recipe=recipe(StageRecipe("all", 1, LOSSES), **human))
    train(data, tmp_path / "out", recipe=recipe(StageRecipe("all", 1, {"ratings": 1.0}), **human))


def test_a_clip_that_the_causes_do_not_know_is_named(tmp_path: Path) -> None:
    data = make_aes_dataset(tmp_path / "data", clips=4)
    lines = (data / "causes.csv").read_text().splitlines()
    (data / "causes.csv").write_text("\n".join(lines[:-9]) + "\n")  # without a clip of dev, and all of test
    with pytest.raises(TrainingError, match=r"causes\.csv has no row for audiomos2025-track2-sys00"):
        load_examples(data, ("PQ",))


def test_what_is_known_of_the_clips_becomes_numbers(tmp_path: Path) -> None:
    train_split, _, vocabulary = load_examples(make_aes_dataset(tmp_path / "data"), ("PC", "PQ"))
    assert vocabulary is not None
    assert vocabulary.causes == ("noise",)
    assert vocabulary.attributes["has high"] == ("no", "yes")
    assert vocabulary.attributes["sources"] == ("1", "2")
    assert train_split.heard is not None
    assert train_split.asked is None
    counts = train_split.heard[:, list(vocabulary.attributes).index("sources")] + 1
    assert torch.equal(train_split.ratings[:, 0], 4.0 * counts)
