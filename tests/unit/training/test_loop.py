from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.errors import DeviceError, OutputError, TrainingError
from drasp_cli.models.config import parse_config
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.training.batch import Batch
from drasp_cli.training.loop import LOG_FILE, STATE_FILE, WORK_FOLDER, fit, learning_rate
from drasp_cli.training.recipe import DataRecipe, Recipe, StageRecipe
from drasp_cli.training.teachers import Teachers
from tests.tiny import tiny_folder, tiny_plain
from tests.unit.training.dataset import make_dataset

ALL = {"ratings": 1.0, "order": 1.0, "causes": 1.0, "attributes": 1.0, "prompt_attributes": 1.0, "matching": 1.0}


def recipe(*stages: StageRecipe, roll: bool = True) -> Recipe:
    config = parse_config(tiny_plain() | {"ratings": "simulated", "training_data": "tones"}, "tiny")
    data = DataRecipe(batch_size=4, vocab_size=300, roll=roll, gain_db=3.0, worse=2, order_axis="MI")
    return Recipe(7, config, data, stages)


TWO_STAGES = recipe(
    StageRecipe("causes", 2, ALL, learning_rate=3e-3, schedule="cosine", warmup=0.5, weight_decay=0.01, keep="last"),
    StageRecipe("ratings", 2, {"ratings": 1.0}, optimizer="sgd", learning_rate=1e-2, max_gradient=1.0),
)


class Silent:
    def start(self, what: str, total: int) -> None:
        pass

    def advance(self) -> None:
        pass

    def epoch(self, row: Mapping[str, object]) -> None:
        pass


class Stops(Silent):
    """Stops the run, as Ctrl-C or a power cut would, during the given epoch."""

    def __init__(self, epoch: int) -> None:
        self.left = epoch

    def start(self, what: str, total: int) -> None:
        if "/" in what:
            self.left -= 1

    def advance(self) -> None:
        if self.left == 0:
            raise KeyboardInterrupt


def train(
    data: Path, out: Path, resume: bool = False, monitor: Silent | None = None, recipe: Recipe = TWO_STAGES
) -> dict[str, torch.Tensor]:
    fit(recipe, data, out, resume=resume, features=None, device="cpu", monitor=monitor or Silent())
    return load_file(out / "model.safetensors")


def test_simulated_ratings_cannot_pass_for_human_ones(tmp_path: Path) -> None:
    human = replace(TWO_STAGES, predictor=replace(TWO_STAGES.predictor, ratings="human"))
    with pytest.raises(TrainingError, match=r'causes\.csv: its ratings are simulated.*ratings = "simulated"'):
        train(make_dataset(tmp_path / "data"), tmp_path / "out", recipe=human)
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_folder_comes_out(tmp_path: Path) -> None:
    train(make_dataset(tmp_path / "data"), tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        LOG_FILE,
    ]
    checkpoint = load_predictor(f"{tmp_path}/out")
    assert checkpoint.config == TWO_STAGES.predictor
    assert checkpoint.tokenizer is not None
    card = (tmp_path / "out" / "README.md").read_text()
    assert "simulated" in card.split("---")[2][:300]
    with (tmp_path / "out" / LOG_FILE).open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["stage"], row["epoch"]) for row in rows] == [
        ("causes", "1"),
        ("causes", "2"),
        ("ratings", "1"),
        ("ratings", "2"),
    ]
    assert all(float(row["dev_ratings"]) > 0 for row in rows)
    assert [row["train_order"] != "" for row in rows] == [True, True, False, False]
    assert "dev_order" not in rows[0]


def test_order_is_taught_without_causes_and_with_fewer_clips_than_are_made_worse(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data", clips=3, causes=False)
    ends = []
    for weight in (0.0, 1.0):
        stage = StageRecipe("ratings", 2, {"ratings": 1.0, "order": weight}, learning_rate=3e-3, keep="last")
        few = replace(recipe(stage), data=replace(TWO_STAGES.data, worse=4))
        ends.append(train(data, tmp_path / str(weight), recipe=few))
    with (tmp_path / "1.0" / LOG_FILE).open() as file:
        assert all(float(row["train_order"]) > 0 for row in csv.DictReader(file))
    assert not torch.equal(ends[0]["heads.MI.layers.0.weight"], ends[1]["heads.MI.layers.0.weight"])


@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_weights(tmp_path: Path, epoch: int) -> None:
    data = make_dataset(tmp_path / "data")
    whole = train(data, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "stopped", monitor=Stops(epoch))
    resumed = train(data, tmp_path / "stopped", resume=True)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_what_the_recipe_leaves_out_is_what_was_really_done(tmp_path: Path) -> None:
    data, short = make_dataset(tmp_path / "data"), recipe(StageRecipe("ratings", 1, {"ratings": 1.0}))
    (data / "README.md").write_text("# Made by\n\n    drasp simulate OUT --clips 36 --seed 5\n")
    bare = replace(short, predictor=replace(short.predictor, name="", training_data=""))

    train(data, tmp_path / "mine", recipe=bare)
    said = "simulated listening test: drasp simulate OUT --clips 36 --seed 5"
    config = load_predictor(f"{tmp_path}/mine").config
    assert config == replace(short.predictor, name="mine", training_data=said)
    card = (tmp_path / "mine" / "README.md").read_text()
    assert "\n# mine\n" in card
    assert f"- Training data, as its folder records it: {said}.\n" in card

    train(data, tmp_path / "named", recipe=short)
    assert load_predictor(f"{tmp_path}/named").config == short.predictor
    assert "- Training data, in the words of the recipe: tones.\n" in (tmp_path / "named" / "README.md").read_text()


def test_a_device_that_is_not_there_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    data = make_dataset(tmp_path / "data")
    with pytest.raises(DeviceError, match="'cuda' was asked for, but torch sees 0 CUDA devices here"):
        fit(TWO_STAGES, data, tmp_path / "out", resume=False, features=None, device="cuda", monitor=Silent())
    assert not (tmp_path / "out").exists()


def test_every_batch_is_moved_before_the_network_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved, seen, to, losses = [], [], Batch.to, Teachers.losses

    def watched_to(batch: Batch, device: torch.device) -> Batch:
        moved.append(to(batch, device))
        return moved[-1]

    def watched_losses(
        teachers: Teachers, predictor: ClapPredictor, batch: Batch, *rest: Any
    ) -> tuple[Mapping[str, torch.Tensor], Mapping[str, torch.Tensor]]:
        seen.append(batch)
        return losses(teachers, predictor, batch, *rest)

    monkeypatch.setattr(Batch, "to", watched_to)
    monkeypatch.setattr(Teachers, "losses", watched_losses)
    train(make_dataset(tmp_path / "data"), tmp_path / "out", recipe=recipe(StageRecipe("ratings", 1, {"ratings": 1.0})))
    assert len(seen) == 3 + 3  # 12 clips in batches of 4, in training and in validation
    assert all(a is b for a, b in zip(moved, seen, strict=True))


def test_a_run_that_was_stopped_on_a_gpu_goes_on_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is written as if its tensors lay on a GPU, which torch refuses to read back where there is none."""
    data = make_dataset(tmp_path / "data")
    whole = train(data, tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr("torch.serialization.location_tag", lambda storage: "cuda:0")
        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path / "stopped", monitor=Stops(3))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    resumed = train(data, tmp_path / "stopped", resume=True)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_it_learns_what_can_be_heard(tmp_path: Path) -> None:
    """Noise lowers MI here; after a short training the validation SRCC says that it was heard."""
    data = make_dataset(tmp_path / "data", clips=48)
    stages = (StageRecipe("all", 12, ALL | {"ratings": 3.0}, learning_rate=3e-3),)
    train(data, tmp_path / "out", recipe=recipe(*stages, roll=False))
    with (tmp_path / "out" / LOG_FILE).open() as file:
        rows = list(csv.DictReader(file))
    assert max(float(row["dev_srcc_MI"]) for row in rows) > 0.8


def test_a_stage_ends_when_it_stops_getting_better(tmp_path: Path) -> None:
    stage = StageRecipe("ratings", 50, {"ratings": 1.0}, learning_rate=1e-9, patience=2, optimizer="sgd")
    data = make_dataset(tmp_path / "data")
    train(data, tmp_path / "out", recipe=recipe(stage))
    with (tmp_path / "out" / LOG_FILE).open() as file:
        losses = [float(row["dev"]) for row in csv.DictReader(file)]
    best = losses.index(min(losses))
    assert len(losses) < 50
    assert len(losses) - 1 - best >= 2


def test_frozen_parts_stay_as_they_are(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data")
    free = StageRecipe("ratings", 1, {"ratings": 1.0}, learning_rate=1e-2)
    frozen = StageRecipe("ratings", 2, {"ratings": 1.0}, learning_rate=1e-2, freeze=("audio_branch",), keep="last")
    short = train(data, tmp_path / "short", recipe=recipe(frozen))
    longer = train(data, tmp_path / "longer", recipe=recipe(frozen, frozen))
    moved = train(data, tmp_path / "moved", recipe=recipe(free))
    name = "audio_branch.patch_embed.proj.weight"
    assert torch.equal(short[name], longer[name])
    assert not torch.equal(short[name], moved[name])
    assert not torch.equal(short["heads.MI.layers.0.weight"], longer["heads.MI.layers.0.weight"])


def test_features_are_kept_where_asked_and_made_once(tmp_path: Path) -> None:
    data, kept = make_dataset(tmp_path / "data"), tmp_path / "kept"
    stage = StageRecipe("ratings", 1, {"ratings": 1.0})
    fit(recipe(stage), data, tmp_path / "a", resume=False, features=kept, device="cpu", monitor=Silent())
    before = (kept / "train.f16").stat().st_mtime_ns
    fit(recipe(stage), data, tmp_path / "b", resume=False, features=kept, device="cpu", monitor=Silent())
    assert (kept / "train.f16").stat().st_mtime_ns == before
    first, second = (load_file(tmp_path / out / "model.safetensors") for out in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_folder_with_a_checkpoint_or_a_stopped_run_is_refused(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data")
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "out", monitor=Stops(2))
    with pytest.raises(TrainingError, match="--resume"):
        train(data, tmp_path / "out")
    train(data, tmp_path / "out", resume=True)
    with pytest.raises(TrainingError, match="already holds a checkpoint"):
        train(data, tmp_path / "out", resume=True)


@pytest.mark.parametrize("name", ["config.json", "README.md", "tokenizer.json", LOG_FILE])
def test_files_of_someone_else_are_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(TrainingError, match=name):
        train(make_dataset(tmp_path / "data"), tmp_path / "out")
    assert [(p.name, p.read_text()) for p in (tmp_path / "out").iterdir()] == [(name, "mine")]


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_that_was_stopped_in_its_first_epoch_may_simply_start_again(tmp_path: Path, resume: bool) -> None:
    data = make_dataset(tmp_path / "data")
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "out", monitor=Stops(1))
    assert (tmp_path / "out" / "tokenizer.json").exists()
    train(data, tmp_path / "out", resume=resume, recipe=recipe(StageRecipe("ratings", 1, {"ratings": 1.0})))


@pytest.mark.parametrize("out", ["file", "file/out"])
def test_an_out_that_cannot_be_a_folder_is_named(tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="file"):
        train(make_dataset(tmp_path / "data"), tmp_path / out)
    assert (tmp_path / "file").read_text() == "mine"


def test_an_out_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="x" * 300):
        train(make_dataset(tmp_path / "data"), tmp_path / ("x" * 300))


@pytest.mark.parametrize("change", ["rating", "prompt", "order", "heard", "severity"])
def test_a_run_on_other_clips_cannot_be_resumed(tmp_path: Path, change: str) -> None:
    data, out = make_dataset(tmp_path / "data"), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        train(data, out, monitor=Stops(2))
    before = (out / "tokenizer.json").read_bytes()
    if change == "prompt":
        path = data / "prompt_info.txt"
        path.write_text(path.read_text().replace("calm", "in a storm"))
    elif change in ("heard", "severity"):
        path = data / "causes.csv"
        header, first, *rest = path.read_text().splitlines()
        row = dict(zip(header.split(","), first.split(","), strict=True))
        other = "low" if row["heard_height"] == "high" else "high"
        row |= {"heard_height": other} if change == "heard" else {"cause_noise": "0.5"}
        path.write_text("\n".join([header, ",".join(row.values()), *rest]) + "\n")
    else:
        path = data / "sets" / "dev_mos_list.txt"
        lines = path.read_text().splitlines()
        lines = lines[::-1] if change == "order" else [lines[0].rsplit(",", 1)[0] + ",2.25", *lines[1:]]
        path.write_text("\n".join(lines) + "\n")
    with pytest.raises(TrainingError, match="other clips, ratings or prompts"):
        train(data, out, resume=True)
    assert (out / "tokenizer.json").read_bytes() == before


@pytest.mark.parametrize("keep", [0, 100, -100])
def test_a_torn_state_names_the_file_to_remove(tmp_path: Path, keep: int) -> None:
    data, out = make_dataset(tmp_path / "data"), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        train(data, out, monitor=Stops(2))
    state = out / WORK_FOLDER / STATE_FILE
    state.write_bytes(state.read_bytes()[:keep])
    with pytest.raises(TrainingError, match=rf"{STATE_FILE} cannot be read.*remove it"):
        train(data, out, resume=True)
    state.unlink()
    train(data, out, recipe=recipe(StageRecipe("ratings", 1, {"ratings": 1.0})))


OTHER_SHAPES: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda content: {},
    "a list": lambda content: [1, 2],
    "a tensor": lambda content: torch.zeros(3),
    "an older drasp": lambda content: {name: content[name] for name in ("predictor", "optimizer", "state")},
    "a newer drasp": lambda content: content | {"scheduler": {}},
    "other fields": lambda content: content | {"state": {**content["state"], "momentum": 1}},
    "no fields": lambda content: content | {"state": {}},
    "a stage that is none": lambda content: content | {"state": content["state"] | {"stage": "causes"}},
    "a stage beyond the last": lambda content: content | {"state": content["state"] | {"stage": 7}},
    "a stage before the first": lambda content: content | {"state": content["state"] | {"stage": -1}},
    "a recipe that is none": lambda content: content | {"recipe": {"stage": None}},
    "other best weights": lambda content: content | {"state": content["state"] | {"best": {"w": torch.zeros(1)}}},
    "other weights": lambda content: content | {"predictor": {}, "state": content["state"] | {"best": None}},
    "other readouts": lambda content: content | {"teachers": {"heard.0.weight": torch.zeros(2)}},
    "no optimizer": lambda content: content | {"optimizer": {}},
    "another optimizer": lambda content: content | {"optimizer": {"state": {}, "param_groups": []}},
}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set and a run on it that was stopped in its third epoch, side by side."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(KeyboardInterrupt):
        train(make_dataset(folder / "data"), folder / "out", monitor=Stops(3))
    return folder


@pytest.mark.parametrize("shape", OTHER_SHAPES)
def test_a_state_of_another_shape_names_the_file_to_remove(stopped: Path, tmp_path: Path, shape: str) -> None:
    out = tmp_path / "out"
    shutil.copytree(stopped / "out", out)
    state = out / WORK_FOLDER / STATE_FILE
    torch.save(OTHER_SHAPES[shape](torch.load(state, weights_only=True)), state)
    with pytest.raises(TrainingError, match=rf"{STATE_FILE} is .*; remove it to start over"):
        train(stopped / "data", out, resume=True)


@pytest.mark.parametrize("damage", ["index", "data", "fewer"])
def test_damaged_features_are_made_again(tmp_path: Path, damage: str) -> None:
    data, kept = make_dataset(tmp_path / "data"), tmp_path / "kept"
    short = recipe(StageRecipe("ratings", 1, {"ratings": 1.0}))
    fit(short, data, tmp_path / "a", resume=False, features=kept, device="cpu", monitor=Silent())
    whole = {path.name: path.read_bytes() for path in kept.iterdir()}
    if damage == "fewer":
        (kept / "train.f16").unlink()
    else:
        path = kept / {"index": "train.json", "data": "train.f16"}[damage]
        path.write_bytes(path.read_bytes()[:-10])
    fit(short, data, tmp_path / "b", resume=False, features=kept, device="cpu", monitor=Silent())
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == whole
    assert sorted(whole) == ["dev.f16", "dev.json", "train.f16", "train.json"]


def test_a_run_that_was_stopped_while_cleaning_up_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = make_dataset(tmp_path / "data"), tmp_path / "out"
    short = recipe(StageRecipe("ratings", 1, {"ratings": 1.0}))

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("drasp_cli.training.loop.shutil.rmtree", stop)
        with pytest.raises(KeyboardInterrupt):
            train(data, out, recipe=short)
    before = load_file(out / "model.safetensors")
    with pytest.raises(TrainingError, match="--resume"):
        train(data, out, recipe=short)
    after = train(data, out, resume=True, recipe=short)
    assert not (out / WORK_FOLDER).exists()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_log_is_whole_though_the_run_was_stopped_before_its_last_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = make_dataset(tmp_path / "data"), tmp_path / "out"

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("drasp_cli.training.loop.write_log", stop)
        with pytest.raises(KeyboardInterrupt):
            train(data, out, recipe=recipe(StageRecipe("ratings", 1, {"ratings": 1.0})))
    assert not (out / LOG_FILE).exists()
    train(data, out, resume=True, recipe=recipe(StageRecipe("ratings", 1, {"ratings": 1.0})))
    assert len((out / LOG_FILE).read_text().splitlines()) == 2


def test_a_finished_checkpoint_of_another_predictor_is_not_taken_for_this_one(tmp_path: Path) -> None:
    out = tiny_folder(tmp_path / "out", seed=1)
    (out / WORK_FOLDER).mkdir()
    with pytest.raises(TrainingError, match="another recipe"):
        train(make_dataset(tmp_path / "data"), out, resume=True)
    assert (out / WORK_FOLDER).exists()


def test_a_freeze_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    stage = StageRecipe("ratings", 1, {"ratings": 1.0}, freeze=("audio_branch", "audio_brunch"))
    with pytest.raises(TrainingError, match="'ratings' freezes 'audio_brunch'"):
        train(make_dataset(tmp_path / "data"), tmp_path / "out", recipe=recipe(stage))


def test_stages_that_have_not_begun_may_change_and_the_end_is_that_of_the_new_recipe(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data")
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "out", monitor=Stops(2))  # in the second epoch of the first of two stages
    words = StageRecipe("words", 2, {"prompt_attributes": 1.0}, learning_rate=1e-2)
    changed = replace(TWO_STAGES, stage=(TWO_STAGES.stage[0], words))
    resumed = train(data, tmp_path / "out", resume=True, recipe=changed)
    unstopped = train(data, tmp_path / "whole", recipe=changed)
    assert all(torch.equal(resumed[name], unstopped[name]) for name in unstopped)


def test_a_stage_that_has_begun_cannot_change_or_go(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data")
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "out", monitor=Stops(4))  # in the second epoch of the second stage
    first, second = TWO_STAGES.stage
    for stages in ((first, replace(second, learning_rate=2e-2)), (replace(first, epochs=1), second), (first,)):
        with pytest.raises(TrainingError, match="another recipe"):
            train(data, tmp_path / "out", resume=True, recipe=replace(TWO_STAGES, stage=stages))


def test_a_stage_of_words_alone_leaves_what_listens_as_it_is(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data")
    warm = StageRecipe("all", 1, ALL, learning_rate=1e-3, keep="last")
    words = StageRecipe("words", 2, {"prompt_attributes": 1.0}, learning_rate=1e-2, weight_decay=0.1, keep="last")
    before = train(data, tmp_path / "before", recipe=recipe(warm))
    after = train(data, tmp_path / "after", recipe=recipe(warm, words))
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"text_branch", "text_projection"}
    with (tmp_path / "after" / LOG_FILE).open() as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["dev_prompt_attributes"]) > 0
    assert not last["dev_srcc_MI"]


def test_another_recipe_cannot_be_resumed(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data")
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "out", monitor=Stops(2))
    with pytest.raises(TrainingError, match="another recipe"):
        train(data, tmp_path / "out", resume=True, recipe=recipe(StageRecipe("ratings", 1, {"ratings": 1.0})))


def test_losses_on_causes_need_causes(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data", causes=False)
    with pytest.raises(TrainingError, match=r"wants causes.* no causes\.csv"):
        train(data, tmp_path / "out")
    train(data, tmp_path / "ratings", recipe=recipe(StageRecipe("ratings", 1, {"ratings": 1.0})))


def test_learning_rate_rises_then_falls() -> None:
    stage = StageRecipe("x", 4, ALL, learning_rate=1.0, schedule="cosine", warmup=1.0)
    rates = [learning_rate(stage, step, 10) for step in range(40)]
    assert rates[:10] == sorted(rates[:10])
    assert rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[25] == pytest.approx(0.5)
    assert rates[-1] < 0.01
