"""`drasp simulate`, `train` and `score`, one after the other: the road from nothing to scores."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from drasp_cli.checkpoints.registry import DEFAULT_MODEL, shipped_folder
from tests.cli.conftest import Run
from tests.tiny import tiny_audiobox_plain, tiny_plain


def toml(value: object) -> str:
    """A TOML inline value of plain data; None never occurs in it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def test_from_a_simulated_listening_test_to_scores(drasp: Run) -> None:
    made = drasp(
        "simulate", "data", "--clips", "24", "--systems", "8", "--prompts", "12", "--seconds", "2", "--workers", "1"
    )
    assert made.exit_code == 0, made.stderr
    assert "Ceiling" in made.stdout
    assert made.stdout.count("system") == 4  # MI and TA, over all clips and over the test split
    assert "24 clips of 8 systems are in data" in made.stderr
    assert made.stderr.endswith("drasp: next: drasp train RECIPE.toml --data data --out CHECKPOINT\n")

    lines = ["seed = 1", "[predictor]"]
    lines += [f"{key} = {toml(value)}" for key, value in (tiny_plain() | {"ratings": "simulated"}).items()]
    lines += ["[data]", "batch_size = 4", "vocab_size = 300", "[[stage]]", 'name = "all"', "epochs = 1"]
    lines += ["losses = {ratings = 1.0, causes = 1.0, attributes = 1.0, prompt_attributes = 1.0, matching = 1.0}"]
    Path("recipe.toml").write_text("\n".join(lines))
    trained = drasp("train", "recipe.toml", "--data", "data", "--out", "mine")
    assert trained.exit_code == 0, trained.stderr
    assert trained.stdout.strip() == "mine"
    assert "dev_srcc_MI" in trained.stderr
    assert trained.stderr.endswith("drasp: next: drasp score FOLDER --model ./mine\n")

    prompts = ("--prompts", "data/prompt_info.txt", "--prompt-pattern", r"_(P[0-9]+)")
    scored = drasp("score", "data/wav", *prompts, "--system-pattern", "(S[0-9]+)_", "--model", "./mine")
    assert scored.exit_code == 0, scored.stderr
    rows = list(csv.DictReader(io.StringIO(scored.stdout)))
    assert len(rows) == 24
    assert len({row["system"] for row in rows}) == 8
    assert all(row["MI"] and row["TA"] and "simulated-ratings" in row["flags"] for row in rows)
    assert "simulated ratings" in scored.stderr


def test_a_test_of_any_sound_is_made_with_its_four_axes(drasp: Run) -> None:
    sizes = ("--clips", "6", "--systems", "3", "--seconds", "2", "--workers", "1")
    made = drasp("simulate", "data", *sizes, "--layout", "aes-natural")
    assert made.exit_code == 0, made.stderr
    assert [made.stdout.count(f" {axis} ") for axis in ("PQ", "PC", "CE", "CU")] == [4] * 4
    assert "6 clips of 3 systems are in data" in made.stderr
    assert "a recipe to begin with" not in made.stderr  # the one there is wants MI and TA
    assert made.stderr.endswith("drasp: next: drasp train RECIPE.toml --data data --out CHECKPOINT\n")
    assert sorted(path.name for path in Path("data/sets").iterdir()) == [
        f"audiomos2025-track2-{split}_list.csv" for split in ("dev", "test", "train")
    ]


def test_a_test_of_any_sound_is_trained_on_and_scored(drasp: Run) -> None:
    sizes = ("--clips", "12", "--systems", "6", "--seconds", "2", "--workers", "1")
    assert drasp("simulate", "data", *sizes, "--layout", "aes-natural").exit_code == 0
    lines = ["seed = 1", "[predictor]"]
    plain = {key: value for key, value in tiny_audiobox_plain().items() if key not in ("name", "training_data")}
    lines += [f"{key} = {toml(value)}" for key, value in (plain | {"ratings": "simulated"}).items()]
    lines += ["[data]", "batch_size = 4", "[[stage]]", 'name = "all"', "epochs = 1"]
    lines += ["losses = {ratings = 1.0, causes = 1.0, attributes = 1.0}"]
    Path("recipe.toml").write_text("\n".join(lines))

    trained = drasp("train", "recipe.toml", "--data", "data", "--out", "mine")
    assert trained.exit_code == 0, trained.stderr
    assert "dev_srcc_PQ" in trained.stderr
    card = Path("mine/README.md").read_text()
    assert "The ratings behind this checkpoint are simulated" in card
    assert "simulated listening test: drasp simulate OUT --clips 12 --systems 6" in card

    scored = drasp("score", "data/wav", "--model", "./mine")
    assert scored.exit_code == 0, scored.stderr
    rows = list(csv.DictReader(io.StringIO(scored.stdout)))
    assert len(rows) == 12
    assert all(row[axis] and "simulated-ratings" in row["flags"] for row in rows for axis in ("PQ", "PC", "CE", "CU"))


def test_a_recipe_for_other_axes_is_told_which_layout_it_wants(drasp: Run) -> None:
    Path("data/sets").mkdir(parents=True)
    Path("data/sets/audiomos2025-track2-train_list.csv").touch()
    run = drasp("train", f"{shipped_folder(DEFAULT_MODEL) / 'recipe.toml'}", "--data", "data", "--out", "mine")
    assert run.exit_code == 1
    assert "data: is in AES-Natural's layout, rated on PQ, PC, CE, CU, and not on MI, TA" in run.stderr
    assert "--layout musiceval" in run.stderr
    assert not Path("mine").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--layout", "aes-natural", "--prompts", "5"), "5 prompts; the layout aes-natural has none"),
        (("--layout", "aes"), "layout is 'aes'; expected one of: musiceval, aes-natural"),
        (("--sample-rate", "100"), "sample rate is 100 Hz; expected one of: 16000"),
        (("--clips", "5", "--systems", "6"), "5 clips for 6 systems"),
        (("--music", "."), "recorded music for the layout musiceval"),
    ],
)
def test_an_impossible_wish_is_wrong_use(drasp: Run, options: tuple[str, ...], told: str) -> None:
    run = drasp("simulate", "data", *options)
    assert run.exit_code == 2
    assert told in run.stderr
    assert not Path("data").exists()


def test_a_folder_without_recordings_is_told(drasp: Run) -> None:
    Path("empty").mkdir()
    run = drasp("simulate", "data", "--speech", "empty")
    assert run.exit_code == 1
    assert "0 audio files of 0.5 s or more below empty" in run.stderr
    assert not Path("data").exists()


@pytest.mark.parametrize(("device", "code"), [("tpu", 2), ("cuda:99", 1)])
def test_a_device_that_cannot_train_is_named_and_nothing_is_made(drasp: Run, device: str, code: int) -> None:
    Path("data").mkdir()
    recipe = shipped_folder(DEFAULT_MODEL) / "recipe.toml"
    run = drasp("train", f"{recipe}", "--data", "data", "--out", "mine", "--device", device)
    assert run.exit_code == code
    assert f"'{device}'" in run.stderr
    assert not Path("mine").exists()


def test_training_goes_on_from_a_named_checkpoint_only(drasp: Run) -> None:
    Path("data").mkdir()
    recipe = shipped_folder(DEFAULT_MODEL) / "recipe.toml"
    run = drasp("train", f"{recipe}", "--data", "data", "--out", "mine", "--start", "clap-drasp")
    assert run.exit_code == 2
    assert "did you mean clap-drasp.mini?" in run.stderr
    assert not Path("mine").exists()


def test_a_second_test_is_not_made_over_the_first(drasp: Run) -> None:
    Path("data").mkdir()
    Path("data/precious.txt").write_text("mine")
    run = drasp("simulate", "data", "--clips", "62")
    assert run.exit_code == 1
    assert "data" in run.stderr
    assert Path("data/precious.txt").read_text() == "mine"


def test_a_ceiling_of_too_few_points_is_no_number(drasp: Run) -> None:
    """Of 4 systems the test split has 1, and of its clips some rank as they must."""
    made = drasp("simulate", "my data", "--clips", "4", "--systems", "4", "--prompts", "4", "--seconds", "2")
    assert made.exit_code == 0, made.stderr
    rows = [line.split(maxsplit=4) for line in made.stdout.splitlines()[4:] if line.strip()]
    assert len(rows) == 8
    for *_, points, correlations in rows:
        assert (correlations.split() == ["too", "few"] * 2) == (int(points) < 3)
    assert "nan" not in made.stdout
    assert "--data 'my data'" in made.stderr


@pytest.mark.parametrize(
    ("recipe", "data", "words"),
    [
        ("recpe.toml", "data", "recpe.toml: there is no such recipe; did you mean recipe.toml?"),
        ("recipe.toml", "dat", "dat: there is no such folder; did you mean data?"),
        ("recipe.toml", "nowhere", "nowhere: there is no such folder\n"),
    ],
)
def test_what_is_not_there_is_named_with_what_is_near(drasp: Run, recipe: str, data: str, words: str) -> None:
    Path("recipe.toml").touch()
    Path("data").mkdir()
    run = drasp("train", recipe, "--data", data, "--out", "mine")
    assert run.exit_code == 1
    assert words in run.stderr


def test_a_checkpoint_of_any_name_is_printed_as_its_bytes(
    drasp: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("drasp_cli.training.loop.fit", lambda *_, **__: None)
    monkeypatch.setattr("drasp_cli.training.recipe.load_recipe", lambda _: None)
    Path("recipe.toml").touch()
    run = drasp("train", "recipe.toml", "--data", ".", "--out", "caf\udce9")
    assert run.exit_code == 0, run.exception
    assert run.stdout_bytes == b"caf\xe9\n"
