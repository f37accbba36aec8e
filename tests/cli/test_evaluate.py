"""`drasp evaluate` through the real app, on planted answers."""

from __future__ import annotations

import csv
import importlib.util
import io
from pathlib import Path

import pytest
from scipy import stats

from tests.cli.conftest import Run

SCORES = [1.0, 2.5, 2.0, 4.0, 3.0, 5.0]
RATED = [1.5, 2.0, 2.5, 3.5, 3.0, 4.5]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def planted(extra: str = "") -> None:
    """Clips 0 to 5 of systems A, B and C, two each; MI in the table, unnamed in the ratings."""
    lines = [f"wav/{i}.wav,{'ABC'[i // 2]},m@1,,{score}" for i, score in enumerate(SCORES)]
    Path("scores.csv").write_text("path,system,model,error,MI\n" + "\n".join(lines) + "\n" + extra)
    Path("ratings.txt").write_text("".join(f"{i}.wav,{rating}\n" for i, rating in enumerate(RATED)))


def test_figures_are_scipys(drasp: Run) -> None:
    planted()
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt")
    assert run.exit_code == 0, run.stderr
    found = {(row["level"], row["metric"]): row for row in rows(run.stdout)}
    assert float(found["clip", "LCC"]["value"]) == pytest.approx(stats.pearsonr(RATED, SCORES).statistic, abs=1e-6)
    assert float(found["clip", "SRCC"]["value"]) == pytest.approx(stats.spearmanr(RATED, SCORES).statistic, abs=1e-6)
    assert float(found["clip", "KTAU"]["value"]) == pytest.approx(stats.kendalltau(RATED, SCORES).statistic, abs=1e-6)
    assert found["clip", "MSE"]["value"] == "0.208333"
    assert (found["system", "SRCC"]["value"], found["system", "SRCC"]["items"]) == ("1.000000", "3")
    for row in found.values():
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
        assert (row["axis"], row["model"], row["listeners"]) == ("MI", "m@1", "")
    assert "MI: 6 clips with a score and a rating" in run.stderr


def test_what_found_no_partner_is_told_and_strict_refuses(drasp: Run) -> None:
    planted("wav/lone.wav,A,m@1,,3\nwav/failed.wav,A,m@1,broken,\n")
    with Path("ratings.txt").open("a") as stream:
        stream.write("failed.wav,3\ngone.wav,2\n")
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt")
    assert run.exit_code == 0
    for words in (
        "1 without a rating (such as wav/lone.wav)",
        "1 rated and without a row of scores (such as gone.wav)",
        "1 rated and without a score on the axis (such as wav/failed.wav)",
    ):
        assert words in run.stderr
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "--strict")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "'wav/lone.wav' has no rating on MI" in run.stderr


def test_an_axis_without_any_score_is_passed_over_beside_others(drasp: Run) -> None:
    """Such as TA of clips that were scored without prompts."""
    lines = [f"wav/{i}.wav,{'ABC'[i // 2]},m@1,,{score}," for i, score in enumerate(SCORES)]
    Path("scores.csv").write_text("path,system,model,error,MI,TA\n" + "\n".join(lines) + "\n")
    Path("ratings.csv").write_text("name,MI,TA\n" + "".join(f"{i}.wav,{rating},3\n" for i, rating in enumerate(RATED)))
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.csv")
    assert run.exit_code == 0
    assert {row["axis"] for row in rows(run.stdout)} == {"MI"}
    assert "TA: rated, and no row has a score on it; it is not compared" in run.stderr
    for option in (["--strict"], ["--axis", "TA"]):
        run = drasp("evaluate", "scores.csv", "--ratings", "ratings.csv", *option)
        assert (run.exit_code, run.stdout) == (1, "")
        assert "no clip has both a rating and a score on TA" in run.stderr


def test_intervals_of_few_items_are_noted(drasp: Run) -> None:
    """Three systems in the right order give 1.000 to 1.000 for SRCC, which says next to nothing."""
    lines = [f"{i}.wav,{'ABC'[i // 4]},m@1,,{i}" for i in range(12)]
    Path("scores.csv").write_text("path,system,model,error,MI\n" + "\n".join(lines) + "\n")
    Path("ratings.txt").write_text("".join(f"{i}.wav,{i + i % 2}\n" for i in range(12)))
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt")
    noted = {row["level"]: row["note"] for row in rows(run.stdout)}
    assert noted["clip"] == ""
    assert noted["system"].startswith("an interval of fewer than 10 items")
    said = "MI, system level: an interval of fewer than 10 items"
    assert said in drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "-f", "table").stdout
    run = drasp("rank-systems", "scores.csv", "--ratings", "ratings.txt", bare=True)
    assert run.stderr.count(said) == 1


def test_constant_input_is_nan_with_the_reason(drasp: Run) -> None:
    planted()
    Path("ratings.txt").write_text("".join(f"{i}.wav,3\n" for i in range(6)))
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "-f", "jsonl")
    assert '"metric": "SRCC", "value": null, "low": null, "high": null' in run.stdout
    assert "all reference values are equal" in run.stdout
    drawn = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "-f", "table").stdout
    assert "MI, clip level: all reference values are equal" in drawn


def test_listeners_are_the_ceiling_where_single_ratings_are_given(drasp: Run) -> None:
    planted()
    lines = [
        f"{i}.wav,{who},{rating + shift}" for i, rating in enumerate(RATED) for who, shift in (("x", 0), ("y", 0.1))
    ]
    Path("single.csv").write_text("path,listener,rating\n" + "\n".join(lines) + "\n")
    run = drasp("evaluate", "scores.csv", "--ratings", "single.csv")
    found = {(row["level"], row["metric"]): float(row["listeners"]) for row in rows(run.stdout)}
    assert found["clip", "MSE"] == pytest.approx(0.01, abs=1e-6)
    assert found["clip", "LCC"] > 0.99
    assert found["system", "SRCC"] == 1.0
    assert "MI: the listeners' own agreement is between two halves of them, each listener wholly in one" in run.stderr
    assert "listeners" in drasp("evaluate", "scores.csv", "--ratings", "single.csv", "-f", "table").stdout


def test_a_listeners_personal_level_is_no_disagreement(drasp: Run) -> None:
    """y is three points above x on every clip; without their names nobody can know that."""
    planted()
    head = "".join(f'{{"path": "{i}.wav", "MI": [{rating}, {rating + 3}]}}\n' for i, rating in enumerate(RATED))
    Path("unnamed.jsonl").write_text(head)
    lines = [f"{i}.wav,{who},{rating + 3 * (who == 'y')}" for who in "yx" for i, rating in enumerate(RATED)]
    Path("named.csv").write_text("path,listener,rating\n" + "\n".join(lines) + "\n")
    run = drasp("evaluate", "scores.csv", "--ratings", "named.csv")
    found = {(row["level"], row["metric"]): float(row["listeners"]) for row in rows(run.stdout)}
    for level in ("clip", "system"):
        assert found[level, "MSE"] == pytest.approx(9, abs=1e-6)
        assert [found[level, metric] for metric in ("LCC", "SRCC", "KTAU")] == [1, 1, 1]
    run = drasp("evaluate", "scores.csv", "--ratings", "unnamed.jsonl")
    found = {(row["level"], row["metric"]): float(row["listeners"]) for row in rows(run.stdout)}
    assert found["clip", "SRCC"] < 0.5
    assert "two halves of each item's ratings, which do not all name their listener" in run.stderr
    lines = [
        f"{name},{who},{rating + 3 * (who == 'y')}"
        for who in "yx"
        for name, rating in zip("ABC", RATED[::2], strict=True)
    ]
    Path("systems.csv").write_text("system,listener,MI\n" + "\n".join(lines) + "\n")
    run = drasp("evaluate", "scores.csv", "--ratings", "systems.csv")
    assert [float(row["listeners"]) for row in rows(run.stdout)] == [9, 1, 1, 1]
    Path("named.csv").write_text(Path("named.csv").read_text().replace("0.wav,x,", "0.wav,,"))
    run = drasp("evaluate", "scores.csv", "--ratings", "named.csv")
    assert "which do not all name their listener" in run.stderr


def test_ratings_of_systems(drasp: Run) -> None:
    planted()
    Path("systems.csv").write_text("system,MI\nB,3\nA,2\nC,5\nD,1\n")
    run = drasp("evaluate", "scores.csv", "--ratings", "systems.csv")
    assert {row["level"] for row in rows(run.stdout)} == {"system"}
    assert "3 systems with a score and a rating, 1 rated and without a row of scores (such as D)" in run.stderr


def test_the_axis_is_never_guessed(drasp: Run) -> None:
    planted()
    text = Path("scores.csv").read_text().splitlines()
    Path("scores.csv").write_text("\n".join([text[0] + ",TA", *(line + ",3" for line in text[1:])]) + "\n")
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt")
    assert run.exit_code == 1
    assert "--axis says it (rank-systems: --by), one of MI, TA" in run.stderr
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "--axis", "MI")
    assert {row["axis"] for row in rows(run.stdout)} == {"MI"}
    assert drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "--axis", "PQ").exit_code == 1


def test_ratings_without_an_axis_are_of_the_only_one_that_has_scores(drasp: Run) -> None:
    """Clips without prompts leave the column TA empty: nothing is left to guess."""
    lines = [f"wav/{i}.wav,{'ABC'[i // 2]},m@1,,{score}," for i, score in enumerate(SCORES)]
    Path("scores.csv").write_text("path,system,model,error,MI,TA\n" + "\n".join(lines) + "\n")
    text = "".join(f"wav/{i}.wav,{20 * rating},9\n" for i, rating in enumerate(RATED))
    Path("ratings.csv").write_text("path,rating,num_ratings\n" + text)
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.csv")
    assert run.exit_code == 0, run.stderr
    assert {row["axis"] for row in rows(run.stdout)} == {"MI"}
    ranked = drasp("rank-systems", "scores.csv", "--ratings", "ratings.csv", bare=True)
    assert ranked.exit_code == 0, ranked.stderr
    assert [row["MI_rating"] for row in rows(ranked.stdout)] == ["75.000000", "60.000000", "35.000000"]
    assert drasp("evaluate", "scores.csv", "--ratings", "ratings.csv", "--axis", "TA").exit_code == 1


@pytest.mark.parametrize("family", ["MI TA", "PQ PC CE CU"])
def test_rows_of_the_paper(drasp: Run, family: str) -> None:
    axes = family.split()
    scores, ratings = ["path,system,model," + ",".join(axes)], ["path," + ",".join(axes)]
    for i in range(8):
        scores.append(",".join([f"{i}.wav", f"S{i}", "m@1", *(f"{(i * (3 + k)) % 8}" for k in range(len(axes)))]))
        ratings.append(",".join([f"{i}.wav", *(str(i) for _ in axes)]))
    Path("scores.csv").write_text("\n".join(scores) + "\n")
    Path("ratings.csv").write_text("\n".join(ratings) + "\n")
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.csv", "--layout", "paper")
    (row,) = rows(run.stdout)
    assert row.pop("method") == "m@1"
    srcc = [stats.spearmanr(range(8), [(i * (3 + k)) % 8 for i in range(8)]).statistic for k in range(len(axes))]
    if axes[0] == "MI":
        names = [f"{axis} {metric}" for axis in (*axes, "Average") for metric in ("MSE", "LCC", "SRCC", "KTAU")]
        shown = [float(row[f"{axis} SRCC"]) for axis in (*axes, "Average")]
    else:
        names = [*axes, "Average"]
        shown = [float(row[axis]) for axis in names]
    assert list(row) == names
    assert shown == pytest.approx([*srcc, sum(srcc) / len(srcc)], abs=1e-6)
    drawn = drasp("evaluate", "scores.csv", "--ratings", "ratings.csv", "--layout", "paper", "-f", "table").stdout
    assert ("Table I of" if axes[0] == "MI" else "Table II of") in drawn


def test_other_axes_have_no_row_in_the_paper(drasp: Run) -> None:
    planted()
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "--layout", "paper")
    assert run.exit_code == 1
    assert "MI and TA (Table I)" in run.stderr
    assert drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "--layout", "thesis").exit_code == 2


@pytest.mark.parametrize("name", ["e.csv", "e.json", "e.parquet"])
def test_files(drasp: Run, name: str) -> None:
    planted()
    run = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "-o", name, "--quiet")
    assert (run.exit_code, run.stdout, run.stderr) == (0, "", "")
    assert Path(name).stat().st_size > 100


def test_scores_are_no_ratings(drasp: Run) -> None:
    """Held against themselves they would be perfect."""
    planted()
    for arguments in (("evaluate", "scores.csv"), ("calibrate", "scores.csv", "-o", "m.json")):
        run = drasp(*arguments, "--ratings", "scores.csv")
        assert (run.exit_code, run.stdout) == (1, "")
        assert "scores.csv: is a table of scores, which a model predicted; ratings are what people said" in run.stderr


def test_a_drawn_table_says_whose_ratings_were_simulated(drasp: Run) -> None:
    lines = [f"{i}.wav,A,m@1,,{i},simulated-ratings" for i in range(24)]
    Path("scores.csv").write_text("path,system,model,error,MI,flags\n" + "\n".join(lines) + "\n")
    Path("ratings.txt").write_text("".join(f"{i}.wav,{i + i % 2}\n" for i in range(24)))
    for arguments in (("evaluate", "scores.csv"), ("calibrate", "scores.csv", "-o", "m.json")):
        run = drasp(*arguments, "--ratings", "ratings.txt", "-f", "table")
        assert run.exit_code == 0, run.stderr
        assert "simulated-ratings: the model was trained on simulated listening tests" in run.stdout


def test_it_never_overwrites_what_it_reads(drasp: Run) -> None:
    planted()
    Path("ratings.csv").write_text("path,MI\n0.wav,1\n")
    assert drasp("evaluate", "scores.csv", "--ratings", "ratings.csv", "-o", "ratings.csv").exit_code == 2
    assert Path("ratings.csv").read_text() == "path,MI\n0.wav,1\n"


def test_a_picture_beside_the_figures(drasp: Run, tmp_path: Path) -> None:
    planted()
    alone = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "-q")
    done = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "--plot", "a.svg", "-q")
    assert (done.exit_code, done.stderr, done.stdout) == (0, "", alone.stdout)
    systems = stats.pearsonr([1.75, 3.0, 3.75], [1.75, 3.0, 4.0]).statistic
    picture = Path("a.svg").read_text()  # letters are outlines, and what they spell stands beside them as a comment
    for words in (
        "scores.csv against ratings.txt",
        "m@1",
        "MI score",
        "A",
        "B",
        "C",
        f"● 3 systems: LCC {systems:.2f}, SRCC 1.00",
    ):
        assert f"<!-- {words} -->" in picture
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "ratings.txt", "scores.csv"]


@pytest.mark.parametrize(
    ("plot", "code", "said"),
    [("a.gif", 2, "one of .png, .svg, .pdf"), ("nowhere/a.png", 1, "no folder nowhere"), ("r.png", 2, "is also read")],
)
def test_a_picture_that_cannot_be_is_told_before_the_work(drasp: Run, plot: str, code: int, said: str) -> None:
    planted()
    Path("ratings.txt").rename("r.png")
    done = drasp("evaluate", "scores.csv", "--ratings", "r.png", "--plot", plot)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_without_matplotlib_the_extra_is_advised(drasp: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    planted()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = drasp("evaluate", "scores.csv", "--ratings", "ratings.txt", "--plot", "a.png")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "pip install 'drasp[plot]'" in done.stderr
