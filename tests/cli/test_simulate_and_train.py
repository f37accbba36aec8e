"""`drasp simulate`, `train` and `score`, one after the other: the road from nothing to scores."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.tiny import tiny_plain


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

    lines = ["seed = 1", "[predictor]"]
    lines += [f"{key} = {toml(value)}" for key, value in (tiny_plain() | {"ratings": "simulated"}).items()]
    lines += ["[data]", "batch_size = 4", "vocab_size = 300", "[[stage]]", 'name = "all"', "epochs = 1"]
    lines += ["losses = {ratings = 1.0, causes = 1.0, attributes = 1.0, prompt_attributes = 1.0, matching = 1.0}"]
    Path("recipe.toml").write_text("\n".join(lines))
    trained = drasp("train", "recipe.toml", "--data", "data", "--out", "mine")
    assert trained.exit_code == 0, trained.stderr
    assert trained.stdout.strip() == "mine"
    assert "dev_srcc_MI" in trained.stderr

    prompts = ("--prompts", "data/prompt_info.txt", "--prompt-pattern", r"_(P[0-9]+)")
    scored = drasp("score", "data/wav", *prompts, "--system-pattern", "(S[0-9]+)_", "--model", "./mine")
    assert scored.exit_code == 0, scored.stderr
    rows = list(csv.DictReader(io.StringIO(scored.stdout)))
    assert len(rows) == 24
    assert len({row["system"] for row in rows}) == 8
    assert all(row["MI"] and row["TA"] and "simulated-ratings" in row["flags"] for row in rows)
    assert "simulated ratings" in scored.stderr


def test_a_second_test_is_not_made_over_the_first(drasp: Run) -> None:
    Path("data").mkdir()
    Path("data/precious.txt").write_text("mine")
    run = drasp("simulate", "data", "--clips", "62")
    assert run.exit_code == 1
    assert "data" in run.stderr
    assert Path("data/precious.txt").read_text() == "mine"
