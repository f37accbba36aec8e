"""`drasp score` through the real app: rows, order, formats, failures, promises 1 and 4 of design.md."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import os
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import soundfile

from drasp_cli.scoring import score_clips
from tests.cli.conftest import Run, sound, write
from tests.tiny import tiny_folder

COLUMNS = [
    *("path", "id", "system", "start", "end", "MI", "TA"),
    *("seconds", "windows", "sample_rate", "flags", "model", "error"),
]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def scores(text: str) -> dict[str, float]:
    return {row["path"]: float(row["MI"]) for row in rows(text)}


def test_a_pipe_gets_csv_and_nothing_else(drasp: Run, results: Path) -> None:
    run = drasp("score", "results")
    assert run.exit_code == 0, run.stderr
    table = rows(run.stdout)
    assert run.stdout.splitlines()[0].split(",") == COLUMNS
    assert [row["path"] for row in table] == [
        f"results/{s}/{c}.wav" for s in ("alpha", "beta", "gamma") for c in (1, 2)
    ]
    assert [row["system"] for row in table[::2]] == ["alpha", "beta", "gamma"]
    assert all(math.isfinite(float(row["MI"])) and row["TA"] == "" for row in table)
    assert all(row["flags"] == "no-prompt" and row["windows"] == "2" for row in table)
    assert "times real time" in run.stderr


def test_prompts_give_textual_alignment(drasp: Run, results: Path) -> None:
    Path("prompts.txt").write_text("slow piano\na fast band\n")
    table = rows(drasp("score", "results", "--prompts", "prompts.txt", "--with-prompts").stdout)
    assert [row["prompt"] for row in table] == ["slow piano", "a fast band"] * 3
    assert all(math.isfinite(float(row["TA"])) for row in table)
    assert len({row["TA"] for row in table}) == 6


def test_a_wrong_number_of_prompts_is_an_error_with_the_counts(drasp: Run, results: Path) -> None:
    Path("prompts.txt").write_text("one\ntwo\nthree\nfour\n")
    run = drasp("score", "results", "--prompts", "prompts.txt")
    assert run.exit_code == 1
    assert run.stdout == ""
    assert "4" in run.stderr
    assert "6" in run.stderr


def test_a_prompt_that_is_too_long_is_flagged(drasp: Run) -> None:
    write(Path("a.wav"))
    Path("prompts.tsv").write_text("a\t" + "very " * 60 + "slow\n")
    Path("prompts.txt").write_text(Path("prompts.tsv").read_text())
    assert rows(drasp("score", "a.wav", "--prompts", "prompts.txt").stdout)[0]["flags"] == "prompt-cut"


FILES = {
    "mono8.wav": (0.8, 8000, 1),
    "stereo44.wav": (1.3, 44100, 2),
    "surround48.wav": (0.7, 48000, 6),
    "hires192.flac": (0.5, 192000, 2),
    "vorbis.ogg": (1.2, 22050, 2),
    "lossy.mp3": (1.5, 32000, 2),
    "tiny.wav": (0.05, 16000, 1),
    "apple.aiff": (0.6, 11025, 1),
    "core.caf": (0.6, 16000, 1),
}


def test_every_format_rate_and_length_has_one_row(drasp: Run) -> None:
    for name, (seconds, rate, channels) in FILES.items():
        write(Path("in") / name, seconds, rate, channels)
    run = drasp("score", "in")
    assert run.exit_code == 0, run.stderr
    table = {row["path"]: row for row in rows(run.stdout)}
    assert list(table) == sorted(f"in/{name}" for name in FILES)
    for name, (seconds, rate, _) in FILES.items():
        row = table[f"in/{name}"]
        assert math.isfinite(float(row["MI"]))
        assert int(row["sample_rate"]) == rate
        assert float(row["seconds"]) == pytest.approx(seconds, abs=0.1 if name.endswith("mp3") else 1e-3)
        assert ("short" in row["flags"].split(";")) == (seconds < 1)


def test_clips_that_cannot_be_scored_keep_their_rows(drasp: Run) -> None:
    write(Path("in/good.wav"))
    Path("in/empty.wav").write_bytes(b"")
    Path("in/text.wav").write_text("this is no sound\n" * 50)
    soundfile.write("in/nan.wav", np.full((8000, 1), np.nan), 8000, subtype="FLOAT")
    soundfile.write("in/silent.wav", np.zeros((8000, 1)), 8000)
    write(Path("in/cut.wav"))
    whole = Path("in/cut.wav").read_bytes()
    Path("in/cut.wav").write_bytes(whole[: len(whole) // 2])
    run = drasp("score", "in")
    assert run.exit_code == 3
    assert "Traceback" not in run.stderr
    table = {Path(row["path"]).name: row for row in rows(run.stdout)}
    assert len(table) == 6
    for name in ("empty.wav", "text.wav", "nan.wav"):
        assert table[name]["error"], name
        assert table[name]["MI"] == "", name
    for name, flag in (("silent.wav", "silent"), ("cut.wav", "truncated")):
        assert flag in table[name]["flags"].split(";")
        assert math.isfinite(float(table[name]["MI"]))
    assert "3 clips could not be scored" in run.stderr


def test_strict_stops_at_the_first_failure(drasp: Run) -> None:
    write(Path("in/b.wav"))
    Path("in/a.wav").write_bytes(b"")
    run = drasp("score", "in", "--strict")
    assert run.exit_code == 1
    assert "in/a.wav" in run.stderr


def test_a_clips_score_depends_on_nothing_but_the_clip(drasp: Run) -> None:
    """Promise 1: batch size, batch mates, order and workers."""
    names = []
    for i in range(23):
        names.append(f"in/{i:02d}.wav")
        write(Path(names[-1]), seconds=0.3 + 0.37 * i % 3.1, seed=i)
    expected = scores(drasp("score", "in", "--batch-size", "1", "--workers", "1").stdout)
    assert len(expected) == 23
    shuffled = names.copy()
    random.Random(0).shuffle(shuffled)
    for inputs, batch_size, workers in ((["in"], 8, 1), (["in"], 64, 4), (shuffled, 8, 4), (names[3:5], 64, 1)):
        found = scores(drasp("score", *inputs, "--batch-size", str(batch_size), "--workers", str(workers)).stdout)
        assert list(found) == (sorted(names) if inputs == ["in"] else inputs)
        assert all(abs(found[path] - expected[path]) <= 1e-5 for path in found)


def test_two_runs_give_the_same_bytes(drasp: Run, results: Path) -> None:
    assert drasp("score", "results").stdout == drasp("score", "results", "--workers", "3").stdout


def test_formats_hold_the_same_rows(drasp: Run, results: Path) -> None:
    table = rows(drasp("score", "results").stdout)
    lines = [json.loads(line) for line in drasp("score", "results", "--format", "jsonl").stdout.splitlines()]
    whole = json.loads(drasp("score", "results", "--format", "json").stdout)
    assert lines == whole
    drasp("score", "results", "-o", "scores.parquet")
    parquet = pyarrow.parquet.read_table("scores.parquet").to_pylist()
    for row, line, stored in zip(table, lines, parquet, strict=True):
        assert list(line) == list(stored) == COLUMNS
        assert line["TA"] is None
        for name in ("path", "system", "model"):
            assert row[name] == line[name] == stored[name]
        assert float(row["MI"]) == line["MI"] == stored["MI"]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.json", "out.parquet"])
def test_a_file_holds_what_a_pipe_gets(drasp: Run, results: Path, name: str) -> None:
    run = drasp("score", "results", "-o", name)
    assert run.exit_code == 0, run.stderr
    assert run.stdout == ""
    if name != "out.parquet":
        piped = drasp("score", "results", "--format", name.removeprefix("out."))
        assert Path(name).read_bytes() == piped.stdout_bytes


@pytest.mark.parametrize("name", ["out.csv", "out.json"])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.8, 0.99])
def test_a_stopped_run_resumes_to_the_same_bytes(drasp: Run, name: str, keep: float) -> None:
    for i in range(70):
        write(Path(f"in/{i:02d}.wav"), seconds=0.2 + 0.05 * (i % 7), seed=i)
    Path("in/33.wav").write_bytes(b"not audio")
    drasp("score", "in", "-o", name)
    whole = Path(name).read_bytes()
    stopped = Path(name if name.endswith("csv") else name + ".journal")
    if stopped.suffix == ".journal":
        lines = drasp("score", "in", "--format", "jsonl").stdout_bytes
        Path(name).unlink()
        stopped.write_bytes(lines[: int(keep * len(lines))])
    else:
        stopped.write_bytes(whole[: int(keep * len(whole))])
    run = drasp("score", "in", "-o", name, "--resume")
    assert run.exit_code == 3
    assert Path(name).read_bytes() == whole


def test_resume_refuses_what_is_not_its_own(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "out.csv")
    write(Path("results/alpha/0.wav"), seed=99)
    run = drasp("score", "results", "-o", "out.csv", "--resume")
    assert run.exit_code == 1
    assert "cannot resume" in run.stderr


def test_standard_input_names_clips(drasp: Run, results: Path) -> None:
    names = ["results/gamma/1.wav", "results/alpha/2.wav"]
    run = drasp("score", "-", input="\n".join(names).encode())
    assert [row["path"] for row in rows(run.stdout)] == names
    run = drasp("score", "-", "-0", input="\0".join(names).encode() + b"\0")
    assert [row["path"] for row in rows(run.stdout)] == names


def test_time_ranges_are_scored_as_their_own_clips(drasp: Run) -> None:
    soundfile.write("long.wav", sound(4.0), 8000)
    soundfile.write("piece.wav", sound(4.0)[8000:20000], 8000)
    Path("ranges.jsonl").write_text(
        json.dumps(
            {"path": "long.wav", "start_time": 1.0, "end_time": 2.5, "id": "x", "system": "S", "prompt": "piano"}
        )
    )
    row = rows(drasp("score", "ranges.jsonl").stdout)[0]
    piece = rows(drasp("score", "piece.wav").stdout)[0]
    assert (row["id"], row["system"], row["start"], row["end"]) == ("x", "S", "1.0", "2.5")
    assert row["TA"]
    assert float(row["MI"]) == pytest.approx(float(piece["MI"]), abs=1e-4)  # 16 bit rounding of the piece


def test_by_system_averages_the_clips(drasp: Run, results: Path) -> None:
    clips = rows(drasp("score", "results").stdout)
    systems = rows(drasp("score", "results", "--by-system").stdout)
    assert [row["system"] for row in systems] == ["alpha", "beta", "gamma"]
    for row in systems:
        of_system = [float(clip["MI"]) for clip in clips if clip["system"] == row["system"]]
        assert float(row["MI"]) == pytest.approx(sum(of_system) / 2, abs=1e-6)


def test_limit_takes_the_first_clips(drasp: Run, results: Path) -> None:
    assert len(rows(drasp("score", "results", "--limit", "2").stdout)) == 2


def test_the_table_for_people_has_two_decimals(drasp: Run, results: Path) -> None:
    run = drasp("score", "results", "--format", "table")
    mi = float(rows(drasp("score", "results").stdout)[0]["MI"])
    assert "results/alpha/1.wav" in run.stdout
    assert f"{mi:.2f}" in run.stdout
    assert f"{mi:.3f}" not in run.stdout


def test_folders_of_one_name_in_several_inputs_are_told(drasp: Run, tmp_path: Path) -> None:
    for number, folder in enumerate(("d1/base", "d1/big", "d2/base", "d2/big", "d2/small")):
        write(tmp_path / folder / "a.wav", seed=number)
    run = drasp("score", "d1", "d2", "--by-system", "--format", "csv")
    table = rows(run.stdout)
    assert [(row["system"], row["clips"]) for row in table] == [("base", "2"), ("big", "2"), ("small", "1")]
    assert "several folders are called base, big, and count as one system each; to tell them apart" in run.stderr
    assert "are called" not in drasp("score", "d2", "--by-system", "--format", "csv").stderr


def test_quiet_says_nothing(drasp: Run, results: Path) -> None:
    assert drasp("score", "results", "--quiet").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["results", "--format", "xml"], 2, "xml"),
        (["results", "--format", "csv", "-o", "x.csv"], 2, "--output"),
        (["results", "--resume"], 2, "--output"),
        (["results", "--batch-size", "0"], 2, "batch-size"),
        (["results", "-o", "scores.xlsx"], 2, ".parquet"),
        (["results", "-o", "scores.txt", "--by-system"], 2, ".parquet"),
        (["results", "-o", "nowhere/scores.csv"], 1, "nowhere"),
        (["nowhere"], 1, "nowhere"),
        (["results", "--model", "clap"], 2, "clap-drasp.mini"),
        (["results", "--model", "./nowhere"], 1, "nowhere"),
        (["results", "--device", "tpu"], 2, "tpu"),
        (["results", "--device", "cuda:99"], 1, "cuda:99"),
        (["results", "--precision", "int4"], 2, "int4"),
        (["results", "--prompts", "nowhere.txt"], 1, "nowhere.txt"),
        (["results", "--system-pattern", "("], 2, "not a regular expression"),
        (["results", "--system-pattern", "S."], 2, "has no group"),
        (["results", "--prompts", "p.txt", "--prompt-pattern", "("], 2, "--prompt-pattern"),
        (["results", "--prompt-pattern", "(.)"], 2, "goes with --prompts"),
        (["results", "-0"], 2, "goes with the INPUT -"),
        (["results", "--by-system", "--with-prompts"], 2, "not with --by-system"),
        ([], 2, "INPUT"),
    ],
)
def test_wrong_use_is_an_error_that_names_it(
    drasp: Run, results: Path, arguments: list[str], code: int, words: str
) -> None:
    run = drasp("score", *arguments)
    assert run.exit_code == code, run.stderr
    assert run.stdout == ""
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_hostile_names_survive(drasp: Run) -> None:
    names = ["in/a,b.wav", 'in/"q".wav', "in/новый.wav", "in/=1+1.wav", "in/[red]x[/red].wav"]
    for name in names:
        write(Path(name))
    assert sorted(row["path"] for row in rows(drasp("score", "in").stdout)) == sorted(names)
    table = drasp("score", "in", "--format", "table").stdout
    assert all(name in table for name in names)


def test_what_is_read_is_never_overwritten(drasp: Run) -> None:
    write(Path("a.wav"))
    texts = {"clips.csv": "path\na.wav\n", "prompts.csv": "id,prompt\na,piano\n"}
    for name, text in texts.items():
        Path(name).write_text(text)
    Path("alias.csv").symlink_to("clips.csv")
    for arguments in (
        ["clips.csv", "-o", "clips.csv"],
        ["clips.csv", "-o", "./clips.csv", "--resume"],
        ["clips.csv", "-o", "alias.csv"],
        ["clips.csv", "-o", "clips.csv", "--by-system"],
        ["cl*.csv", "-o", "clips.csv"],
        ["a.wav", "--prompts", "prompts.csv", "-o", "prompts.csv"],
    ):
        run = drasp("score", *arguments)
        assert run.exit_code == 2, arguments
        assert "is also read" in run.stderr
        assert {name: Path(name).read_text() for name in texts} == texts


def test_a_table_that_is_replaced_is_told(drasp: Run) -> None:
    write(Path("a.wav"))
    assert "is replaced" not in drasp("score", "a.wav", "-o", "out.csv").stderr
    assert "drasp: out.csv was there, and is replaced" in drasp("score", "a.wav", "-o", "out.csv").stderr
    assert "is replaced" not in drasp("score", "a.wav", "-o", "out.csv", "--resume").stderr


def test_names_cannot_command_the_terminal(drasp: Run) -> None:
    write(Path("in/\x1b[31mred\nline/a.wav"))
    Path("clips.jsonl").write_text(json.dumps({"path": "in/\x1b[31mred\nline/a.wav", "id": "\x1b]0;title\x07"}))
    for arguments in (["in"], ["clips.jsonl"], ["in", "--by-system"]):
        text = drasp("score", *arguments, "--format", "table").stdout
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\\x1b" in text


def test_a_prompt_longer_than_a_csv_cell_of_python_survives(drasp: Run) -> None:
    write(Path("a.wav"))
    prompt = "slow " * 40_000 + "piano"
    Path("clips.csv").write_text(f'path,prompt\na.wav,"{prompt}"\n')
    for extra in ([], ["--resume"]):
        run = drasp("score", "clips.csv", "--with-prompts", "-o", "out.csv", *extra)
        assert run.exit_code == 0, run.stderr
    assert Path("out.csv").read_text().endswith(f",{prompt}\n")
    assert drasp("rank-systems", "out.csv", bare=True).stderr.count("131072") == 0


def test_resume_refuses_prompts_that_have_come_or_gone(drasp: Run, results: Path) -> None:
    Path("prompts.txt").write_text("slow piano\na fast band\n")
    for before, now, words in (
        ([], ["--prompts", "prompts.txt"], "without a prompt, and has one now"),
        (["--prompts", "prompts.txt"], [], "with a prompt, and has none now"),
    ):
        drasp("score", "results", "-o", "out.csv", *before)
        whole = Path("out.csv").read_bytes()
        run = drasp("score", "results", "-o", "out.csv", "--resume", *now)
        assert run.exit_code == 1
        assert words in " ".join(run.stderr.split())
        assert Path("out.csv").read_bytes() == whole
        assert drasp("score", "results", "-o", "out.csv", "--resume", *before).exit_code == 0


def test_prompts_without_their_option_are_recognised(drasp: Run, results: Path) -> None:
    Path("prompts.txt").write_text("slow piano\na fast band\n")
    for inputs in (["prompts.txt"], ["results", "prompts.txt"]):
        run = drasp("score", *inputs)
        assert run.exit_code == 1
        assert run.stdout == ""
        assert "name the clips and add --prompts prompts.txt" in run.stderr


@pytest.mark.parametrize("name", ["scores.csv", "scores.jsonl"])
def test_a_table_of_scores_is_scored_again_only_where_its_clips_are(drasp: Run, results: Path, name: str) -> None:
    drasp("score", "results", "-o", name)
    again = drasp("score", name)
    assert again.exit_code == 0
    assert scores(again.stdout) == scores(drasp("score", "results").stdout)
    assert f"drasp rank-systems {name} would rank it as it is" in again.stderr
    Path("results").rename("elsewhere")
    run = drasp("score", name)
    assert run.exit_code == 1
    assert run.stdout == ""
    assert f"did you mean drasp rank-systems {name}?" in run.stderr


@pytest.mark.parametrize("name", ["scores.json", "scores.parquet"])
def test_a_table_that_is_no_manifest_is_no_clip_either(drasp: Run, results: Path, name: str) -> None:
    drasp("score", "results", "-o", name)
    run = drasp("score", name)
    assert run.exit_code == 1
    assert f"did you mean drasp rank-systems {name}?" in run.stderr


def test_clips_without_a_system_are_told_once(drasp: Run, results: Path) -> None:
    names = [f"results/{system}/1.wav" for system in ("alpha", "beta", "gamma")]
    words = "have no system"
    for inputs, stdin in ((["results/*/*.wav"], None), (names, None), (["-"], "\n".join(names).encode())):
        run = drasp("score", *inputs, input=stdin)
        count = len(rows(run.stdout))
        assert run.stderr.count(f"{count} of {count} clips {words}") == 1
        assert "--system-pattern" in run.stderr
    Path("clips.csv").write_text(f"path,system\n{names[0]},alpha\n{names[1]},\n")
    assert "1 of 2 clips has no system, and counts as one" in drasp("score", "clips.csv").stderr
    for inputs in (["results"], names[:1]):
        assert words not in drasp("score", *inputs).stderr
    assert words not in drasp("score", *names, "--quiet").stderr


def test_silent_and_short_clips_in_means_are_told(drasp: Run, results: Path) -> None:
    soundfile.write("results/alpha/1.wav", np.zeros((800, 1)), 8000)
    words = "the means include 1 clip flagged silent and 1 clip flagged short"
    assert words in drasp("score", "results", "--by-system").stderr
    assert words not in drasp("score", "results").stderr


def interrupt(drasp: Run, *arguments: str, rows: int = 3) -> str:
    """What a command says that is interrupted behind some rows."""

    def interrupted(*given: object, **options: object) -> Iterator[object]:
        yield from itertools.islice(score_clips(*given, **options), rows)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("drasp_cli.scoring.score_clips", interrupted)
        run = drasp(*arguments)
        assert run.exit_code == 130
    return run.stderr


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_stopped_run_goes_on_with_its_own_prompts_and_precision_only(
    drasp: Run, results: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("drasp_cli.scoring.batching.LOOK_AHEAD", 1)
    Path("prompts.txt").write_text("slow piano\na fast band\n")
    command = ["score", "results", "--prompts", "prompts.txt", "--batch-size", "2", "-o", name]
    drasp(*command)
    whole = Path(name).read_bytes()
    Path(name).unlink()

    interrupt(drasp, *command)
    stopped = {file: file.read_bytes() for file in Path().iterdir() if file.is_file()}
    Path("prompts.txt").write_text("slow piano\na fast big band\n")
    for more, words in ((["--resume"], "other prompts"), (["--resume", "--precision", "bf16"], "--precision fp32")):
        run = drasp(*command, *more)
        assert run.exit_code == 1
        assert words in " ".join(run.stderr.split())
        Path("prompts.txt").write_text("slow piano\na fast band\n")
        assert {file: file.read_bytes() for file in Path().iterdir() if file.is_file()} == stopped

    run = drasp(*command, "--resume", "--precision", "fp32")  # which is what auto means
    assert run.exit_code == 0, run.stderr
    assert f"2 of 6 rows are in {name} already\n" in run.stderr
    assert Path(name).read_bytes() == whole
    assert sorted(file.name for file in Path().iterdir()) == [name, "prompts.txt", "results"]


def test_a_start_that_is_refused_leaves_the_older_table(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "out.csv")
    whole = Path("out.csv").read_bytes()
    for refused in (["--device", "cuda:99"], ["--precision", "int4"]):
        assert drasp("score", "results", "-o", "out.csv", *refused).exit_code != 0
        assert Path("out.csv").read_bytes() == whole
        assert not Path("out.csv.run").exists()


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_an_output_that_has_no_place_is_refused_before_any_work(
    drasp: Run, results: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr("drasp_cli.checkpoints.content.read_ahead", lambda *_: pytest.fail("work has begun"))
    Path(f"folder.{ending}").mkdir()
    for name, words in ((f"folder.{ending}", "is a directory"), (f"nowhere/scores.{ending}", "no folder nowhere")):
        for resume in ([], ["--resume"]):
            run = drasp("score", "results", "-o", name, *resume)
            assert run.exit_code == 1
            assert words in run.stderr
            assert "is replaced" not in run.stderr
    assert sorted(file.name for file in Path().iterdir()) == [f"folder.{ending}", "results"]


@pytest.mark.parametrize("name", ["out.csv", "out.json"])
def test_a_resume_that_is_refused_leaves_the_finished_rows(drasp: Run, results: Path, name: str) -> None:
    interrupt(drasp, "score", "results", "-o", name)
    stopped = {file: file.read_bytes() for file in Path().iterdir() if file.is_file()}
    assert drasp("score", "results", "-o", name, "--resume", "--device", "cuda:99").exit_code == 1
    assert {file: file.read_bytes() for file in Path().iterdir() if file.is_file()} == stopped


@pytest.mark.parametrize("ending", [".run", ".journal"])
def test_a_file_of_somebody_else_beside_the_output_is_refused_before_any_work(
    drasp: Run, results: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr("drasp_cli.checkpoints.content.read_ahead", lambda *_: pytest.fail("work has begun"))
    Path(f"out.json{ending}").write_text("mine\n")
    for resume in ([], ["--resume"]):
        run = drasp("score", "results", "-o", "out.json", *resume)
        assert run.exit_code == 1
        assert f"out.json{ending}: is not" in run.stderr
        assert "move it" in run.stderr
    assert Path(f"out.json{ending}").read_text() == "mine\n"
    assert not Path("out.json").exists()


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.parquet"])
def test_files_called_like_temporary_ones_survive(drasp: Run, results: Path, name: str) -> None:
    strangers = [Path(f"{name}.part"), Path(f"{name}.run.part")]
    for stranger in strangers:
        stranger.write_text("mine")
    for extra in ([], ["--by-system"]):
        assert drasp("score", "results", "-o", name, *extra).exit_code == 0
        assert [stranger.read_text() for stranger in strangers] == ["mine", "mine"]


def test_an_input_called_like_a_run_file_is_not_removed(drasp: Run) -> None:
    write(Path("a.wav"))
    Path("out.csv.run").write_bytes(Path("a.wav").read_bytes())
    run = drasp("score", "out.csv.run", "-o", "out.csv")
    assert run.exit_code == 2
    assert "is also read" in " ".join(run.stderr.replace("│", " ").split())
    assert Path("out.csv.run").read_bytes() == Path("a.wav").read_bytes()


def test_means_of_systems_name_their_model_in_every_format(drasp: Run, results: Path) -> None:
    model = tiny_folder(Path("tiny"), ratings="simulated")
    (label,) = {row["model"] for row in rows(drasp("score", "results", "--model", f"./{model}").stdout)}
    command = ["score", "results", "--by-system", "--model", f"./{model}"]
    assert {row["model"] for row in rows(drasp(*command).stdout)} == {label}
    for format in ("json", "jsonl"):
        assert drasp(*command, "-f", format).stdout.count(f'"model": "{label}"}}') == 3
    drasp(*command, "-o", "systems.parquet")
    stored = pyarrow.parquet.read_table("systems.parquet")
    assert stored.column_names[-1] == "model"
    assert set(stored["model"].to_pylist()) == {label}
    of_systems = drasp(*command, "-f", "table").stdout
    of_clips = drasp("score", "results", "--model", f"./{model}", "-f", "table").stdout
    assert of_systems.splitlines()[-2:] == of_clips.splitlines()[-2:]
    for text in (label, "simulated-ratings"):
        assert of_systems.count(text) == of_clips.count(text) == 1


def test_what_an_interrupt_leaves_is_told_as_it_is(drasp: Run, results: Path) -> None:
    told = "finished rows are on disk where -o was given without --by-system"
    assert told in interrupt(drasp, "score", "results", "-o", "out.csv")
    assert len(rows(Path("out.csv").read_text())) == 3
    assert told in interrupt(drasp, "score", "results", "-o", "systems.csv", "--by-system")
    assert not Path("systems.csv").exists()


def test_a_new_start_forgets_what_the_stopped_run_was_begun_with(drasp: Run, results: Path) -> None:
    interrupt(drasp, "score", "results", "-o", "out.csv", "--precision", "bf16")
    interrupt(drasp, "score", "results", "-o", "out.csv")
    assert drasp("score", "results", "-o", "out.csv", "--resume").exit_code == 0


def test_a_finished_table_is_said_not_to_tell_its_prompts_and_precision(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "out.csv")
    run = drasp("score", "results", "-o", "out.csv", "--resume")
    assert run.exit_code == 0
    assert "6 of 6 rows are in out.csv already; a finished table does not say of which prompts" in run.stderr
    assert not Path("out.csv.run").exists()


def test_a_pipe_in_a_folder_is_a_clip_that_fails(drasp: Run) -> None:
    write(Path("in/a.wav"))
    os.mkfifo("in/pipe.wav")
    run = drasp("score", "in")
    assert run.exit_code == 3
    assert [(row["path"], bool(row["error"])) for row in rows(run.stdout)] == [
        ("in/a.wav", False),
        ("in/pipe.wav", True),
    ]


def test_a_table_in_a_file_is_as_wide_as_its_rows(drasp: Run) -> None:
    name = "in/" + "long" * 40 + ".wav"
    write(Path(name))
    assert name in drasp("score", "in", "--format", "table").stdout
