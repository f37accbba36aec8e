"""Several `--model` in one run: columns side by side, each model's as if it were alone, each file decoded once."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import soundfile
import typer

from drasp_cli.audio import stream
from drasp_cli.audio.decode import Decoder
from drasp_cli.cli import options
from tests.cli.conftest import Run, write
from tests.cli.test_score import interrupt
from tests.tiny import tiny_audiobox_folder, tiny_audiobox_plain, tiny_folder, tiny_plain

SHARED = ["path", "id", "system", "start", "end"]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def cells(table: list[dict[str, str]], *names: str) -> list[list[str]]:
    """Of each row, the cells of these columns, as they are written."""
    return [[row[name] for name in names] for row in table]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Three models that hear a clip in three ways: by rate, by length of window, by fill."""
    folder = tmp_path_factory.mktemp("models")
    hears: dict[str, Any] = tiny_audiobox_plain()["audio"]
    audiobox = {**hears, "sample_rate": 11025, "frontend_sample_rate": 11025, "window_samples": 6000}
    other = {**tiny_plain()["audio"], "fill": "zero"}
    return {
        "clap": str(tiny_folder(folder / "clap")),
        "audiobox": str(tiny_audiobox_folder(folder / "audiobox", audio=audiobox)),
        "other": str(tiny_folder(folder / "other", seed=1, audio=other, ratings="simulated")),
    }


@pytest.fixture
def clips(tmp_path: Path) -> list[str]:
    """Forty clips of many lengths and four rates; one of them is broken."""
    for i in range(40):
        path = tmp_path / f"in/{'ab'[i % 2]}/{i:02d}.wav"
        write(path, seconds=0.1 + 0.37 * i % 1.7, rate=(8000, 11025, 16000, 22050)[i % 4], seed=i)
    (tmp_path / "in/b/33.wav").write_bytes(b"not audio")
    (tmp_path / "prompts.txt").write_text("".join(f"{i:02d}\tsoft strings {i % 3}\n" for i in range(0, 40, 2)))
    return ["in", "--prompts", "prompts.txt"]


def test_each_model_scores_as_if_it_were_alone(drasp: Run, clips: list[str], models: dict[str, str]) -> None:
    """To the last digit, with unlike sample rates, windows and fills, over more than one group of clips."""
    names = (models["audiobox"], models["clap"], models["other"])
    clips = [*clips, "--batch-size", "3"]  # a group of 24 clips, and one that is not full
    together = drasp("score", *clips, *(word for name in names for word in ("-m", name)))
    assert together.exit_code == 3, together.stderr
    table = rows(together.stdout)
    shared = [f"{axis}@{models[name]}" for name in ("clap", "other") for axis in ("MI", "TA")]
    axes = ["PQ", "PC", "CE", "CU", *shared]
    assert list(table[0]) == [*SHARED, *axes, "seconds", "windows", "sample_rate", "flags", "model", "error"]
    alone = {name: rows(drasp("score", *clips, "-m", models[name]).stdout) for name in models}
    assert cells(table, "PQ", "PC", "CE", "CU") == cells(alone["audiobox"], "PQ", "PC", "CE", "CU")
    for name in ("clap", "other"):
        assert cells(table, f"MI@{models[name]}", f"TA@{models[name]}") == cells(alone[name], "MI", "TA")
    for there, *ones in zip(table, alone["audiobox"], alone["clap"], alone["other"], strict=True):
        assert all(there[name] == one[name] for one in ones for name in (*SHARED, "seconds", "sample_rate", "error"))
        assert there["windows"] == max((one["windows"] for one in ones), key=int)
        assert set(there["flags"].split(";")) == {flag for one in ones for flag in one["flags"].split(";")} - {""}
        assert there["model"] == ";".join(one["model"] for one in ones)
    assert [row["path"] for row in table if row["error"]] == ["in/b/33.wav"]


def test_each_file_is_decoded_once(
    drasp: Run, results: Path, models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Counter[str] = Counter()

    class Counted(Decoder):
        def __init__(self, path: str, *range_: float | None) -> None:
            opened[path] += 1
            super().__init__(path, *range_)

    monkeypatch.setattr(stream, "Decoder", Counted)
    run = drasp("score", "results", "-m", models["clap"], "-m", models["audiobox"], "-m", models["other"])
    assert run.exit_code == 0, run.stderr
    assert sorted(opened) == [row["path"] for row in rows(run.stdout)]
    assert set(opened.values()) == {1}


def test_axes_that_one_model_has_keep_their_names(drasp: Run, results: Path, models: dict[str, str]) -> None:
    Path("prompts.txt").write_text("slow piano\na fast band\n")
    run = drasp("score", "results", "--prompts", "prompts.txt", "-m", models["clap"], "-m", models["audiobox"])
    (header, *_) = run.stdout.splitlines()
    assert header.split(",")[5:11] == ["MI", "TA", "PQ", "PC", "CE", "CU"]
    assert all(value for row in cells(rows(run.stdout), "MI", "TA", "PQ", "PC", "CE", "CU") for value in row)


def test_a_clip_without_a_prompt_loses_its_ta_alone(drasp: Run, results: Path, models: dict[str, str]) -> None:
    Path("prompts.txt").write_text("alpha/1.wav\tslow piano\n")
    run = drasp("score", "results", "--prompts", "prompts.txt", "-m", models["audiobox"], "-m", models["clap"])
    assert run.exit_code == 0
    table = rows(run.stdout)
    assert [bool(row["TA"]) for row in table] == [True] + [False] * 5
    assert ["no-prompt" in row["flags"].split(";") for row in table] == [False] + [True] * 5
    assert all(value for row in cells(table, "MI", "PQ", "CU") for value in row)


def test_every_format_holds_the_same_rows(drasp: Run, results: Path, models: dict[str, str]) -> None:
    command = ["score", "results", "-m", models["clap"], "-m", models["other"]]
    table = rows(drasp(*command).stdout)
    lines = [json.loads(line) for line in drasp(*command, "-f", "jsonl").stdout.splitlines()]
    assert json.loads(drasp(*command, "-f", "json").stdout) == lines
    drasp(*command, "-o", "out.parquet")
    assert pyarrow.parquet.read_table("out.parquet").to_pylist() == lines
    assert [list(line) for line in lines] == [list(row) for row in table]
    for axis in (f"MI@{models['clap']}", f"MI@{models['other']}"):
        assert [float(row[axis]) for row in table] == [line[axis] for line in lines]


def test_a_drawn_table_names_each_model_below(drasp: Run, results: Path, models: dict[str, str]) -> None:
    command = ["results", "-m", models["clap"], "-m", models["other"]]
    labels = rows(drasp("score", *command).stdout)[0]["model"].split(";")
    assert len(labels) == 2
    for words in (["score", *command], ["score", *command, "--by-system"], ["rank-systems", *command]):
        lines = drasp(*words, "-f", "table").stdout.splitlines()
        assert [line for line in lines if line in labels] == labels


def test_simulated_ratings_are_said_of_the_model_that_has_them(
    drasp: Run, results: Path, models: dict[str, str]
) -> None:
    """The row's flag says it of the row; who reads the table sees of which model."""
    command = ["results", "-m", models["clap"], "-m", models["other"]]
    table = rows(drasp("score", *command).stdout)
    assert all(row["flags"].split(";").count("simulated-ratings") == 1 for row in table)
    clap, other = table[0]["model"].split(";")
    told = f"simulated-ratings: {other} was trained on simulated listening tests, not on human ratings"
    for words in (["score", *command], ["score", *command, "--by-system"], ["rank-systems", *command]):
        run = drasp(*words, "-f", "table")
        assert [line for line in run.stdout.splitlines() if "simulated" in line] == [told]
        assert run.stderr.count("was trained on simulated ratings") == 1
        assert f"drasp: {models['other']} was trained on simulated ratings" in run.stderr
    drasp("score", *command, "-o", "both.csv")
    later = drasp("rank-systems", "both.csv", "-f", "table", bare=True)
    told = f"at least one of {clap} and {other} was trained on simulated"
    assert f"simulated-ratings: {told} listening tests" in later.stdout
    assert f"drasp: {told} ratings" in later.stderr


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_stopped_run_goes_on_to_the_same_bytes(
    drasp: Run, clips: list[str], models: dict[str, str], name: str
) -> None:
    command = ["score", *clips, "--batch-size", "3", "-m", models["audiobox"], "-m", models["clap"], "-o", name]
    drasp(*command)
    whole = Path(name).read_bytes()
    Path(name).unlink()
    interrupt(drasp, *command, rows=30)
    for other in (["-m", models["clap"]], ["-m", models["clap"], "-m", models["audiobox"]]):
        run = drasp("score", *clips, "--batch-size", "3", *other, "-o", name, "--resume")
        assert run.exit_code == 1
        assert "cannot resume" in run.stderr
    run = drasp(*command, "--resume")
    assert f"24 of 40 rows are in {name} already\n" in run.stderr
    assert Path(name).read_bytes() == whole


def test_a_table_and_the_audio_behind_it_rank_alike(drasp: Run, results: Path, models: dict[str, str]) -> None:
    both = ["-m", models["clap"], "-m", models["other"]]
    by = ["--by", f"MI@{models['other']}"]
    drasp("score", "results", *both, "-o", "scores.csv")
    from_table = drasp("rank-systems", "scores.csv", *by, bare=True)
    from_audio = drasp("rank-systems", "results", *both, *by)
    assert from_table.exit_code == from_audio.exit_code == 0, from_table.stderr + from_audio.stderr
    assert from_table.stdout == from_audio.stdout
    assert [row[f"MI@{models['other']}_rank"] for row in rows(from_table.stdout)] == ["1", "2", "3"]
    assert f"drasp: {models['other']} was trained on simulated ratings" in from_audio.stderr
    assert "drasp: at least one of " in from_table.stderr
    run = drasp("rank-systems", "results", *both, "--by", "MI")
    assert run.exit_code == 2
    words = "".join(run.stderr.replace("│", " ").split())
    assert f"didyoumean'MI@{models['clap']}'?" in words


def test_one_model_that_fails_leaves_the_scores_of_the_other(
    drasp: Run, results: Path, models: dict[str, str], tmp_path: Path
) -> None:
    broken = tiny_folder(tmp_path / "broken", axes=["MI"], targets={"MI": {"mean": 1e300, "std": 1e300}}, text=None)
    run = drasp("score", "results", "-m", str(broken), "-m", models["audiobox"])
    assert run.exit_code == 3
    for row in rows(run.stdout):
        assert (row["MI"], row["error"]) == ("", "the MI score is not a finite number")
        assert row["PQ"]


def test_the_same_model_twice_is_refused_before_any_work(
    drasp: Run, results: Path, models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drasp_cli.checkpoints.content.read_ahead", lambda *_: pytest.fail("work has begun"))
    for command in ("score", "rank-systems"):
        for again in (models["clap"], models["clap"] + "/"):
            run = drasp(command, "results", "-m", models["clap"], "-m", again)
            assert run.exit_code == 2
            assert "is given twice" in " ".join(run.stderr.replace("│", " ").split())
        run = drasp(command, "results", "-m", "clap-drasp.mini", "-m", "clap-drasp.mini", bare=True)
        assert "clap-drasp.mini is given twice; leave" in " ".join(run.stderr.replace("│", " ").split())
    options.check_distinct(["m@1", "n@1"], ["./m", "./n"])
    with pytest.raises(typer.BadParameter, match="hf-hub:o/m@main is given twice, before as hf-hub:o/m; leave"):
        options.check_distinct(["m@1", "m@1"], ["hf-hub:o/m", "hf-hub:o/m@main"])


def test_models_may_take_very_different_numbers_of_windows(drasp: Run, models: dict[str, str]) -> None:
    soundfile.write("long.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 8000 * 90), 8000)
    run = drasp("score", "long.wav", "-m", models["clap"], "-m", models["audiobox"], "--batch-size", "1")
    (row,) = rows(run.stdout)
    assert int(row["windows"]) == -(-90 * 11025 // 6000)
    assert row["MI"]
    assert row["PQ"]
