"""`drasp calibrate` and `drasp score --calibration` through the real app."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, write


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def scored(drasp: Run) -> list[dict[str, str]]:
    """24 clips scored to scores.csv, and ratings.csv of ten times their MI, less two points."""
    for i in range(24):
        write(Path(f"clips/{i:02d}.wav"), seconds=0.2 + 0.05 * i, seed=i)
    assert drasp("score", "clips", "-o", "scores.csv").exit_code == 0
    table = rows(Path("scores.csv").read_text())
    lines = [f"{row['path']},{10 * float(row['MI']) - 2}" for row in table]
    Path("ratings.csv").write_text("path,MI\n" + "\n".join(lines) + "\n")
    return table


def test_from_ratings_to_calibrated_scores(drasp: Run, scored: list[dict[str, str]]) -> None:
    run = drasp("calibrate", "scores.csv", "--ratings", "ratings.csv", "-o", "map.json")
    assert run.exit_code == 0, run.stderr
    (made,) = rows(run.stdout)
    assert (made["axis"], made["kind"], made["items"]) == ("MI", "linear", "24")
    assert float(made["error"]) < 1e-4 < float(made["constant_error"])
    plain = json.loads(Path("map.json").read_text())
    assert plain["model"] == scored[0]["model"]
    run = drasp("score", "clips", "--calibration", "map.json", "-o", "calibrated.csv")
    assert run.exit_code == 0, run.stderr
    again = rows(Path("calibrated.csv").read_text())
    (column,) = [name for name in again[0] if name.startswith("MI-calibrated-")]
    assert column in drasp("calibrate", "scores.csv", "--ratings", "ratings.csv", "-o", "map.json").stderr
    for row, raw in zip(again, scored, strict=True):
        assert row["MI"] == raw["MI"]
        assert float(row[column]) == pytest.approx(10 * float(raw["MI"]) - 2, abs=1e-4)
    assert "outside" not in run.stderr
    # the screen, means of systems, and a run that is resumed give the same
    assert rows(drasp("score", "clips", "--calibration", "map.json").stdout) == again
    means = rows(drasp("score", "clips", "--calibration", "map.json", "--by-system").stdout)
    assert float(means[0][column]) == pytest.approx(sum(float(row[column]) for row in again) / 24, abs=1e-5)
    whole = Path("calibrated.csv").read_bytes()
    assert drasp("score", "clips", "--calibration", "map.json", "-o", "calibrated.csv", "--resume").exit_code == 0
    assert Path("calibrated.csv").read_bytes() == whole
    assert drasp("score", "clips", "-o", "calibrated.csv", "--resume").exit_code == 1
    held = drasp("evaluate", "calibrated.csv", "--ratings", "ratings.csv", "--axis", column)
    assert held.stdout.splitlines()[1].startswith(f"{column},clip,24,MSE,0.0000")


def test_scores_beyond_the_map_are_told(drasp: Run, scored: list[dict[str, str]]) -> None:
    drasp("calibrate", "scores.csv", "--ratings", "ratings.csv", "-o", "map.json")
    plain = json.loads(Path("map.json").read_text())
    plain["maps"][0]["high"] = sorted(float(row["MI"]) for row in scored)[-3]
    Path("map.json").write_text(json.dumps(plain))
    assert "2 clips scored outside of" in drasp("score", "clips", "--calibration", "map.json").stderr


def test_the_scores_of_another_model_are_refused(drasp: Run, scored: list[dict[str, str]]) -> None:
    drasp("calibrate", "scores.csv", "--ratings", "ratings.csv", "-o", "map.json")
    plain = json.loads(Path("map.json").read_text())
    Path("map.json").write_text(json.dumps(plain | {"model": "other@1"}))
    for to in ([], ["-o", "c.csv"], ["--by-system"]):
        run = drasp("score", "clips", "--calibration", "map.json", *to)
        assert (run.exit_code, run.stdout) == (1, "")
        assert "is for scores of other@1, and these are of" in run.stderr
    assert not Path("c.csv").exists()


def test_poor_ratings_make_no_map(drasp: Run, scored: list[dict[str, str]]) -> None:
    lines = Path("ratings.csv").read_text().splitlines()
    Path("few.csv").write_text("\n".join(lines[:10]) + "\n")
    run = drasp("calibrate", "scores.csv", "--ratings", "few.csv", "-o", "map.json")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "few.csv: MI cannot be calibrated: 9 clips have a score and a rating, and 20 are the least" in run.stderr
    assert not Path("map.json").exists()


def test_a_map_is_of_a_model_and_of_clips(drasp: Run) -> None:
    Path("scores.csv").write_text("path,system,MI\n" + "".join(f"{i}.wav,S,{i}\n" for i in range(30)))
    Path("ratings.csv").write_text("path,MI\n" + "".join(f"{i}.wav,{i}\n" for i in range(30)))
    run = drasp("calibrate", "scores.csv", "--ratings", "ratings.csv", "-o", "map.json")
    assert "no row says which model scored it" in run.stderr
    Path("scores.csv").write_text("path,system,model,MI\n" + "".join(f"{i}.wav,S{i},m,{i}\n" for i in range(30)))
    Path("ratings.csv").write_text("system,MI\n" + "".join(f"S{i},{i}\n" for i in range(30)))
    run = drasp("calibrate", "scores.csv", "--ratings", "ratings.csv", "-o", "map.json")
    assert run.exit_code == 1
    assert "rates systems; a map is made from rated clips" in run.stderr


def test_systems_are_left_out_whole(drasp: Run) -> None:
    """Whether the scores or the ratings say which they are."""
    table = [f"{i}.wav,{{}},m@1,{i % 7 + i / 100}" for i in range(40)]
    for number, has in ((3, "scores"), (3, "ratings"), (5, "scores"), (1, "scores")):
        names = [f"S{i % number}" for i in range(40)]
        in_scores, in_ratings = (names if has == where else [""] * 40 for where in ("scores", "ratings"))
        lines = [line.format(name) for line, name in zip(table, in_scores, strict=True)]
        Path("scores.csv").write_text("path,system,model,MI\n" + "\n".join(lines) + "\n")
        lines = [f"{i}.wav,{name},{i % 7 * 10 + i % 2}" for i, name in enumerate(in_ratings)]
        Path("ratings.csv").write_text("path,system,MI\n" + "\n".join(lines) + "\n")
        run = drasp("calibrate", "scores.csv", "--ratings", "ratings.csv", "-o", "map.json")
        if number == 3:
            assert (run.exit_code, run.stdout) == (1, "")
            assert "its 40 clips are of 3 systems" in run.stderr
        else:
            assert run.exit_code == 0, run.stderr
            what = "whole systems, of 5" if number == 5 else "clips, all of one system or of none that is named"
            assert f"MI: the error is that of left-out {what}" in run.stderr


def test_mistakes_are_told_before_anything_is_read(drasp: Run) -> None:
    for output in ("map.txt", "none/map.json"):
        run = drasp("calibrate", "scores.csv", "--ratings", "ratings.csv", "-o", output)
        assert run.exit_code in (1, 2)
        assert "json" in run.stderr or "none" in run.stderr
    assert drasp("score", ".", "--calibration", "none.json").exit_code == 1
