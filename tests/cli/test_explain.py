"""`drasp explain`, through the real app."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import Run, write
from tests.tiny import tiny_audiobox_folder, tiny_folder

PROMPT = ("--prompt", "slow piano")


@pytest.fixture
def clip(tmp_path: Path) -> str:
    write(tmp_path / "a.wav", seconds=2.3)
    return "a.wav"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_in_a_pipe_it_is_csv_with_the_scores_of_drasp_score(drasp: Run, clip: str, tmp_path: Path) -> None:
    (tmp_path / "prompts.tsv").write_text("a\tslow piano\n")
    done = drasp("explain", clip, "--prompts", "prompts.tsv")
    assert done.exit_code == 0, done.stderr
    explained = {row["axis"]: float(row["score"]) for row in rows(done.stdout)}
    (scored,) = rows(drasp("score", clip, "--prompts", "prompts.tsv").stdout)
    assert explained == pytest.approx({axis: float(scored[axis]) for axis in ("MI", "TA")}, abs=1e-5)
    assert {row["model"] for row in rows(done.stdout)} == {scored["model"]}
    assert drasp("explain", clip, *PROMPT).stdout == done.stdout


def test_plain_lines_of_prompts_are_told_what_would_do(drasp: Run, clip: str, tmp_path: Path) -> None:
    """Naming a folder of systems, which is advised where many clips are scored, would not."""
    (tmp_path / "prompts.txt").write_text("slow piano\nfast drums\n")
    done = drasp("explain", clip, "--prompts", "prompts.txt")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "write id<TAB>prompt on every line" in done.stderr
    assert "system" not in done.stderr
    (tmp_path / "prompts.txt").write_text("a\tslow piano\nb\tfast drums\n")
    assert drasp("explain", clip, "--prompts", "prompts.txt").exit_code == 0


def test_the_table_says_what_is_in_the_csv(drasp: Run, clip: str) -> None:
    done = drasp("explain", clip, *PROMPT, "--format", "table", "--axis", "MI")
    found = rows(drasp("explain", clip, *PROMPT, "--axis", "MI").stdout)
    strongest = max(found, key=lambda row: float(row["influence"]))
    assert {row["axis"] for row in found} == {"MI"}
    assert f"MI {float(found[0]['score']):.2f}\n" in done.stdout
    assert f"{float(strongest['influence']):+.3f}" in done.stdout
    assert "TA" not in done.stdout


def test_files_take_their_format_from_the_ending(drasp: Run, clip: str, tmp_path: Path) -> None:
    for format, name in (("csv", "a.csv"), ("json", "a.json"), ("labels", "a.txt")):
        done = drasp("explain", clip, *PROMPT, "-o", name)
        assert (done.exit_code, done.stdout) == (0, "")
        assert (tmp_path / name).read_text() == drasp("explain", clip, *PROMPT, "--format", format).stdout
    plain = json.loads((tmp_path / "a.json").read_text())
    assert (list(plain["axes"]), plain["prompt"]) == (["MI", "TA"], "slow piano")


def test_a_picture_beside_the_table(drasp: Run, clip: str, tmp_path: Path) -> None:
    done = drasp("explain", clip, "--plot", "a.png", "-q")
    assert (done.exit_code, done.stderr) == (0, "")
    assert rows(done.stdout)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    model = rows(done.stdout)[0]["model"]
    drasp("explain", clip, "--plot", "b.svg", "-q")
    assert f"<!-- {model} -->" in (tmp_path / "b.svg").read_text()  # pictures travel alone


def test_a_picture_says_that_ratings_were_simulated(drasp: Run, clip: str) -> None:
    tiny_folder(Path("simulated").absolute(), ratings="simulated")
    drasp("explain", clip, "--model", "./simulated", "--plot", "a.svg", "-q")
    assert "<!-- simulated ratings: not for publishing; ./simulated@" in Path("a.svg").read_text()


def test_without_matplotlib_the_extra_is_advised_before_the_work(
    drasp: Run, clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = drasp("explain", clip, "--plot", "a.png")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "pip install 'drasp[plot]'" in done.stderr


@pytest.mark.parametrize("pooling", [None, "drasp"])
def test_every_axis_of_an_audiobox_model(drasp: Run, clip: str, pooling: str | None, tmp_path: Path) -> None:
    changes = {"pooling": None} if pooling is None else {}
    tiny_audiobox_folder(tmp_path / "model", **changes)
    found = rows(drasp("explain", clip, "--model", "./model").stdout)
    assert list(dict.fromkeys(row["axis"] for row in found)) == ["PQ", "PC", "CE", "CU"]
    assert all((row["weight"] == "") is (pooling is None) for row in found)
    # The 0.3 s of the last window are one segment where the pooling has none of its own.
    assert all(row["influence"] for row in found if row["window"] != "3")


# ------------------------------------------------------------------------------------------------------- mistakes


def test_without_a_prompt_the_axis_that_reads_it_is_left_out_and_told(drasp: Run, clip: str) -> None:
    done = drasp("explain", clip)
    assert {row["axis"] for row in rows(done.stdout)} == {"MI"}
    assert "a.wav has no prompt, which TA needs; give it with --prompt or --prompts" in done.stderr


@pytest.mark.parametrize("blank", ["", " \t"])
def test_an_empty_prompt_is_none(drasp: Run, clip: str, blank: str) -> None:
    done = drasp("explain", clip, "--prompt", blank)
    assert "a.wav has no prompt, which TA needs; give it with --prompt or --prompts" in done.stderr
    assert done.stdout == drasp("explain", clip).stdout


def test_an_axis_that_needs_a_prompt_and_is_asked_for_is_an_error_without(drasp: Run, clip: str) -> None:
    done = drasp("explain", clip, "--axis", "TA")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "has no prompt, which TA needs" in done.stderr


def test_nothing_to_explain_is_an_error(drasp: Run, clip: str, tmp_path: Path) -> None:
    clap = {"axes": ["CLAP"], "targets": {"CLAP": {"mean": 0.0, "std": 1.0}}, "pooling": None}
    tiny_folder(tmp_path / "model", **clap)
    done = drasp("explain", clip, "--model", "./model")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "which CLAP needs" in done.stderr
    (tmp_path / "model" / "tokenizer.json").unlink()
    assert "no tokenizer.json" in drasp("explain", clip, *PROMPT, "--model", "./model").stderr


def test_an_axis_that_is_none(drasp: Run, clip: str) -> None:
    done = drasp("explain", clip, "--axis", "PQ")
    assert done.exit_code == 2
    assert "'PQ' is no axis of" in done.stderr
    assert "MI, TA" in done.stderr


def test_several_models(drasp: Run, results: Path) -> None:
    run = drasp("explain", "results/alpha/1.wav", "-m", "clap-drasp.mini", "-m", "audiobox-drasp.mini")
    assert run.exit_code == 2
    assert "explain one model at a time" in run.stderr


def test_several_clips(drasp: Run, results: Path) -> None:
    done = drasp("explain", "results")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "names 6 clips; one is explained at a time, such as results/alpha/1.wav" in done.stderr
    assert drasp("explain", "results/alpha/1.wav", "results/alpha/2.wav").exit_code == 2


def missing(tmp_path: Path) -> None:
    pass


def no_audio(tmp_path: Path) -> None:
    (tmp_path / "b.wav").write_text("nothing to hear")


def no_number(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "b.wav", np.array([0.1, np.nan, 0.1], dtype=np.float32), 8000, subtype="FLOAT")


@pytest.mark.parametrize(("made", "said"), [(missing, "no such"), (no_audio, "b.wav"), (no_number, "NaN or infinite")])
def test_a_clip_that_cannot_be_heard(drasp: Run, made: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    made(tmp_path)
    done = drasp("explain", "b.wav", "--plot", "b.png", "-o", "b.json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "drasp: error: b.wav" in done.stderr
    assert said in done.stderr
    assert not list(tmp_path.glob("b.[pj]*"))


def test_a_silent_clip_is_explained_and_told(drasp: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "b.wav", np.zeros(9000), 8000)
    done = drasp("explain", "b.wav", "--plot", "b.svg", "--format", "table")
    assert done.exit_code == 0
    assert "b.wav is silent" in done.stderr
    assert "silent: no sample of any channel reaches" in done.stdout


def test_a_clip_of_a_few_samples_is_explained_as_far_as_it_can_be(drasp: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "b.wav", np.full(10, 0.1), 16_000)
    done = drasp("explain", "b.wav", "--format", "table")
    assert done.exit_code == 0
    assert "b.wav is shorter than a segment of " in done.stderr
    assert done.stdout.startswith("b.wav: 0.0006")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--format", "parquet"), "not one of table, csv, json, labels"),
        (("--format", "json", "-o", "b.json"), "leave one of them out"),
        (("-o", "b.tsv"), "one of .csv, .json, .txt"),
        (("--plot", "b.gif"), "one of .png, .svg, .pdf"),
        (("--prompt", "a", "--prompts", "b.tsv"), "goes not with --prompts"),
        (("--prompt", "caf\udce9"), "is not valid UTF-8 text: it holds the byte \\xe9; write it in UTF-8"),
        (("--device", "tpu"), "not one of auto"),
        (("--prompts", "p.csv", "-o", "p.csv"), "is also read"),
    ],
)
def test_wrong_use_is_told_before_the_work(drasp: Run, clip: str, options: tuple[str, ...], said: str) -> None:
    Path("p.csv").write_text("id,prompt\na,slow piano\n")
    done = drasp("explain", clip, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_a_place_that_is_none(drasp: Run, clip: str) -> None:
    for option, name in (("-o", "nowhere/b.json"), ("--plot", "nowhere/b.png")):
        done = drasp("explain", clip, option, name)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "there is no folder nowhere" in done.stderr


# ----------------------------------------------------------------------------------------- the best and the worst


def test_the_best_and_the_worst_stretch_score_as_those_ranges_do(drasp: Run, clip: str, tmp_path: Path) -> None:
    """A clip of 2.3 s, whose last window is no third full, by a model that hears 1 s at once."""
    drasp("explain", clip, *PROMPT, "-o", "a.json")
    plain = json.loads((tmp_path / "a.json").read_text())
    for axis, found in plain["axes"].items():
        assert found["worst"]["score"] == min(stretch["score"] for stretch in found["stretches"])
        assert found["best"]["score"] == max(stretch["score"] for stretch in found["stretches"])
        for stretch in (found["worst"], found["best"]):
            start, end = stretch["span"]
            entry = {"path": clip, "start_time": start, "end_time": end, "prompt": "slow piano"}
            (tmp_path / "range.jsonl").write_text(json.dumps(entry) + "\n")
            (row,) = rows(drasp("score", "range.jsonl").stdout)
            assert float(row[axis]) == pytest.approx(stretch["score"], abs=1e-5)


def test_a_clip_of_one_window_says_why_it_has_no_best_and_worst(drasp: Run, tmp_path: Path) -> None:
    write(tmp_path / "b.wav", seconds=1.0)
    assert "no best and worst 1 s: the clip is no longer than 1 s" in drasp("explain", "b.wav", "-f", "table").stdout
    plain = json.loads(drasp("explain", "b.wav", "-f", "json").stdout)
    assert plain["no_stretches"] == "the clip is no longer than 1 s"
    assert plain["axes"]["MI"]["worst"] is None
