"""`drasp evaluate --by-segment-size` through the real app: sizes are those of the checkpoints, figures are planted."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from scipy import stats
from typer.testing import Result

from drasp_cli.checkpoints.store import revision_of
from tests.cli.conftest import Run
from tests.tiny import tiny_audiobox_folder, tiny_audiobox_plain, tiny_folder, tiny_plain

RATED = [1.5, 2.0, 2.5, 3.5, 3.0, 4.5]
SCORES = {
    "s1": [1.0, 2.5, 2.0, 4.0, 3.0, 5.0],
    "s8": [5.0, 2.0, 2.5, 1.0, 3.0, 4.5],
    "plain": [2.0, 1.0, 2.5, 4.0, 5.0, 3.0],
}
POOLINGS = {
    "s1": ("DualResolutionAttentiveStatistics", 1),
    "s8": ("DualResolutionAttentiveStatistics", 8),
    "plain": ("TemporalAverage", 8),  # a size that this pooling does not use
}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def folder(name: str) -> Path:
    """A checkpoint that scores MI alone, called so in the folder where the command runs; each has other weights."""
    pooling, size = POOLINGS[name]
    return tiny_folder(
        Path(name).absolute(),
        seed=list(POOLINGS).index(name),
        pooling=tiny_plain()["pooling"] | {"name": pooling, "segment_size": size},
        text=None,
        axes=["MI"],
        targets={"MI": {"mean": 3.0, "std": 1.0}},
    )


@pytest.fixture
def planted(drasp: Run) -> None:
    """A checkpoint and a table of it for each of `SCORES`: clips 0 to 5 of systems A, B and C; and their ratings."""
    for name, scores in SCORES.items():
        label = f"./{name}@{revision_of(folder(name))}"
        lines = [f"wav/{i}.wav,{'ABC'[i // 2]},{label},,{score}" for i, score in enumerate(scores)]
        Path(f"{name}.csv").write_text("path,system,model,error,MI\n" + "\n".join(lines) + "\n")
    Path("ratings.txt").write_text("".join(f"{i}.wav,{rating}\n" for i, rating in enumerate(RATED)))


def evaluate(drasp: Run, *words: str, tables: tuple[str, ...] = ("s8.csv", "plain.csv", "s1.csv")) -> Result:
    return drasp("evaluate", *tables, "--ratings", "ratings.txt", "--by-segment-size", *words)


@pytest.mark.usefixtures("planted")
def test_each_checkpoint_has_its_figures_beside_its_segment_size(drasp: Run) -> None:
    run = evaluate(drasp)
    assert run.exit_code == 0, run.stderr
    srcc = [row for row in rows(run.stdout) if (row["level"], row["metric"]) == ("clip", "SRCC")]
    assert [(row["pooling"], row["segment_size"]) for row in srcc] == [
        ("TemporalAverage", ""),
        ("DualResolutionAttentiveStatistics", "1"),
        ("DualResolutionAttentiveStatistics", "8"),
    ]
    assert [float(row["value"]) for row in srcc] == pytest.approx(
        [stats.spearmanr(RATED, SCORES[name]).statistic for name in ("plain", "s1", "s8")], abs=1e-6
    )
    assert [row["model"].partition("@")[0] for row in srcc] == ["./plain", "./s1", "./s8"]
    assert "drasp: ./s8@" in run.stderr  # whose clips were joined
    assert "not held against the same ratings" not in run.stderr


@pytest.mark.usefixtures("planted")
def test_the_curve_is_drawn(drasp: Run) -> None:
    run = evaluate(drasp, "--plot", "curve.svg", "-q", "-f", "table")
    assert (run.exit_code, run.stderr) == (0, "")
    assert "segment_size" in run.stdout
    picture = Path("curve.svg").read_text()
    for words in (
        "segment size (frames)",
        "MI SRCC",
        "TemporalAverage",
        "clip level, 6 clips",
        "bars: 95 % interval, a rough guide",
    ):
        assert f"<!-- {words} -->" in picture
    assert "<!-- s8.csv and 2 more against ratings.txt -->" in picture


@pytest.mark.usefixtures("planted")
def test_checkpoints_that_scored_other_clips_are_not_compared_unsaid(drasp: Run) -> None:
    Path("s1.csv").write_text("\n".join(Path("s1.csv").read_text().splitlines()[:-1]) + "\n")
    run = evaluate(drasp)
    assert run.exit_code == 0
    assert "MI: the checkpoints are not held against the same ratings (5 to 6 of them)" in run.stderr
    run = evaluate(drasp, "--strict")
    assert (run.exit_code, run.stdout) == (1, "")


@pytest.mark.usefixtures("planted")
def test_parts_of_one_table_are_one_checkpoint(drasp: Run) -> None:
    head, *lines = Path("s1.csv").read_text().splitlines()
    Path("part.csv").write_text("\n".join([head, *lines[3:]]) + "\n")
    Path("s1.csv").write_text("\n".join([head, *lines[:3]]) + "\n")
    run = evaluate(drasp, tables=("s1.csv", "s8.csv", "part.csv"))
    assert [row["items"] for row in rows(run.stdout) if (row["level"], row["metric"]) == ("clip", "SRCC")] == ["6", "6"]
    run = evaluate(drasp, tables=("s1.csv", "s8.csv", "s1.csv"))
    assert (run.exit_code, run.stdout) == (1, "")
    assert "is given twice" in run.stderr


@pytest.mark.usefixtures("planted")
def test_a_checkpoint_whose_size_is_not_known_is_refused(drasp: Run) -> None:
    shutil.rmtree("s8")
    run = evaluate(drasp)
    assert (run.exit_code, run.stdout) == (1, "")
    assert "s8.csv: its scores are of ./s8@" in run.stderr
    assert "whose segment size is not known" in run.stderr
    Path("s8.csv").write_text("path,system,MI\na.wav,A,3\n")
    run = evaluate(drasp)
    assert "s8.csv:2: does not say which model scored its rows" in run.stderr
    run = evaluate(drasp, tables=("plain.csv",))
    assert "no pooling has segments, of ./plain@" in run.stderr


def test_a_checkpoint_without_a_pooling_is_the_mean_of_its_frames(drasp: Run) -> None:
    """Such as Meta's; one of its axes is rated, and the column of another model beside it is not taken for it."""
    labels = []
    for name, pooling in (("drasp", tiny_audiobox_plain()["pooling"]), ("meta", None)):
        made = tiny_audiobox_folder(Path(name).absolute(), pooling=pooling)
        labels.append(f"./{name}@{revision_of(made)}")
    lines = [f"{i}.wav,,{';'.join(labels)},,{i},{(7 * i) % 5},{i}" for i in range(5)]
    Path("both.csv").write_text("path,system,model,error,PQ@./drasp,PQ@./meta,PQ@./gone\n" + "\n".join(lines) + "\n")
    Path("ratings.csv").write_text("path,Production_Quality\n" + "".join(f"{i}.wav,{i}\n" for i in range(5)))
    run = drasp("evaluate", "both.csv", "--ratings", "ratings.csv", "--by-segment-size")
    assert run.exit_code == 0, run.stderr
    found = [row for row in rows(run.stdout) if row["metric"] == "MSE"]
    assert [(row["pooling"], row["segment_size"], row["model"]) for row in found] == [
        ("mean", "", labels[1]),
        ("DualResolutionAttentiveStatistics", "4", labels[0]),
    ]
    assert [float(row["value"]) for row in found] == [sum((i - 7 * i % 5) ** 2 for i in range(5)) / 5, 0.0]


@pytest.mark.usefixtures("planted")
def test_what_goes_not_together(drasp: Run) -> None:
    assert evaluate(drasp, "--layout", "paper").exit_code == 2
    run = evaluate(drasp, "--axis", "PQ")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "have no axis 'PQ'; they have MI" in run.stderr


def test_models_side_by_side_in_one_table_as_score_writes_it(drasp: Run, results: Path) -> None:
    for name in ("s1", "s8", "plain"):
        folder(name)
    words = [word for name in ("s1", "s8", "plain") for word in ("--model", f"./{name}")]
    assert drasp("score", "results", *words, "-o", "all.csv", "-q").exit_code == 0
    table = rows(Path("all.csv").read_text())
    assert {"MI@./s1", "MI@./s8", "MI@./plain"} < set(table[0])
    Path("ratings.csv").write_text("path,MI\n" + "".join(f"{row['path']},{row['MI@./s8']}\n" for row in table))
    run = drasp("evaluate", "all.csv", "--ratings", "ratings.csv", "--by-segment-size", "--axis", "MI")
    assert run.exit_code == 0, run.stderr
    mse = [row for row in rows(run.stdout) if (row["level"], row["metric"]) == ("clip", "MSE")]
    assert [(row["axis"], row["segment_size"]) for row in mse] == [("MI", ""), ("MI", "1"), ("MI", "8")]
    assert [row["value"] == "0.000000" for row in mse] == [False, False, True]
