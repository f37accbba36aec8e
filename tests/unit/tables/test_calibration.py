"""The file of a map: what is written is read, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.errors import InputError, OutputError
from drasp_cli.tables.calibration import (
    LINEAR,
    MONOTONE,
    AxisMap,
    Calibration,
    Calibrator,
    read_calibration,
    write_calibration,
)

LINE = AxisMap("MI", LINEAR, (1.0, 3.0), (10.0, 50.0), 1.0, 3.0, 30, 4.0, 9.0)
CURVE = AxisMap("TA", MONOTONE, (1.0, 2.0, 4.0), (0.0, 8.0, 10.0), 0.5, 4.5, 30, 1.0, 2.0)
BOTH = Calibration("m@1", (LINE, CURVE))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "map.json")
    write_calibration(path, BOTH)
    assert read_calibration(path) == BOTH
    assert read_calibration(path).axes == BOTH.axes
    with pytest.raises(OutputError, match="cannot be written"):
        write_calibration(str(tmp_path / "none/map.json"), BOTH)


def test_a_column_says_which_map_it_is_of() -> None:
    other = Calibration("m@1", (LINE,))
    assert BOTH.axes == (f"MI-calibrated-{BOTH.digest}", f"TA-calibrated-{BOTH.digest}")
    assert other.digest != BOTH.digest


def test_rows_keep_their_scores_and_get_more() -> None:
    calibrator = Calibrator(BOTH)
    rows = [
        ClipScore(Clip("a"), {"MI": 2.0, "TA": 3.0}),
        ClipScore(Clip("b"), {"MI": 5.0, "TA": None}),
        ClipScore(Clip("c"), {"MI": float("nan"), "TA": 9.0}),
        ClipScore(Clip("d"), {}, error="broken"),
    ]
    mi, ta = BOTH.axes
    found = list(calibrator.watch(rows))
    assert [row.clip.path for row in found] == ["a", "b", "c", "d"]
    assert found[0].scores == {"MI": 2.0, "TA": 3.0, mi: 30.0, ta: 9.0}
    assert found[1].scores == {"MI": 5.0, "TA": None, mi: 90.0, ta: None}
    assert (found[2].scores[mi], found[2].scores[ta]) == (None, 10.0)
    assert found[3].scores == {mi: None, ta: None}
    assert calibrator.beyond == {"MI": 1, "TA": 1}


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_a_map_never_falls(one: float, other: float) -> None:
    for used in (LINE, CURVE):
        assert used.apply(min(one, other)) <= used.apply(max(one, other))
    assert 0.0 <= CURVE.apply(one) <= 10.0
    for score, rating in zip(CURVE.scores, CURVE.ratings, strict=True):
        assert CURVE.apply(score) == rating


def changed(**values: object) -> str:
    plain: dict[str, object] = {"format": "drasp-calibration", "version": 1, "model": "m@1"}
    of_map = {"axis": "MI", "kind": "linear", "scores": [1, 3], "ratings": [10, 50], "low": 1, "high": 3}
    of_map |= {"items": 30, "error": 4, "constant_error": 9}
    plain["maps"] = [{name: values.get(name, value) for name, value in of_map.items()}]
    return json.dumps({name: values.get(name, value) for name, value in plain.items()})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "'format' is not"),
        ("{}", "'format' is not"),
        (changed(version=2), "version 2, and this drasp reads 1"),
        (changed(model=""), "'model' is to be a name"),
        (changed(maps=[]), "'maps' a list"),
        (changed(maps=[{}]), "a map has axis, constant_error, error, high"),
        (changed(axis=""), "'axis' is to be a name"),
        (changed(kind="spline"), "'kind' linear or monotone"),
        (changed(scores=["1", 3]), "lists of numbers"),
        (changed(scores=[float("nan"), 3]), "lists of numbers"),
        (changed(ratings=[float("inf"), 3]), "lists of numbers"),
        (changed(low=True), "to be numbers"),
        (changed(scores=[3, 1]), "to rise"),
        (changed(scores=[1, 1]), "to rise"),
        (changed(ratings=[50, 10]), "never to fall"),
        (changed(ratings=[10, 10]), "never to fall"),
        (changed(scores=[1], ratings=[1]), "to rise"),
        (changed(scores=[1, 2, 3], ratings=[1, 2, 3]), "a line has two"),
        (changed(maps=[json.loads(changed())["maps"][0]] * 2), "two maps for one axis"),
    ],
)
def test_what_is_no_map_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_calibration(str(path))


def test_the_plain_one_of_these_tests_is_a_map(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(changed())
    assert read_calibration(str(path)).maps[0].apply(2.0) == 30.0
    with pytest.raises(InputError, match="cannot be read"):
        read_calibration(str(tmp_path / "none.json"))
