"""Scores joined with ratings."""

from __future__ import annotations

import pytest

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.errors import RatingsError
from drasp_cli.evaluation import agreement, evaluate


def row(path: str, mi: float | None, system: str = "") -> ClipScore:
    return ClipScore(Clip(path, system=system), {"MI": mi})


def test_planted_join():
    scores = [
        row("in/A/1.wav", 1.0, "A"),
        row("in/A/2.wav", 3.0, "A"),
        row("in/B/3.wav", 5.0, "B"),
        row("in/B/4.wav", None, "B"),
        row("in/5.wav", 4.0),
        row("in/6.wav", 4.0),
    ]
    ratings = {"in/A/1.wav": 2.0, "2.wav": 2.5, "3.wav": 4.0, "4.wav": 1.0, "5.wav": 3.0, "9.wav": 3.0}
    result = evaluate(scores, ratings, "MI")
    assert result.join.matched == 4
    assert result.join.only_scores == ("in/6.wav",)
    assert result.join.only_ratings == ("9.wav",)
    assert result.join.without_score == ("in/B/4.wav",)
    assert (result.clips.ratings, result.clips.scores) == ((2.0, 2.5, 4.0, 3.0), (1.0, 3.0, 5.0, 4.0))
    assert result.clips.mse == (1 + 0.25 + 1 + 1) / 4
    assert result.clips.srcc == pytest.approx(1.0, abs=1e-15)
    assert result.names == ("A", "B")
    assert result.systems is not None
    assert (result.systems.ratings, result.systems.scores) == ((2.25, 4.0), (2.0, 5.0))


def test_without_systems_there_is_no_system_level():
    result = evaluate([row("1.wav", 1.0), row("2.wav", 2.0)], {"1.wav": 1.0, "2.wav": 2.0}, "MI")
    assert (result.systems, result.names) == (None, ())


def test_undefined_correlations_say_why():
    level = agreement([1.0, 2.0], [3.0, 3.0])
    assert level.mse == 2.5
    assert level.srcc != level.srcc
    assert level.undefined == "all predicted values are equal"


@pytest.mark.parametrize(
    ("paths", "ratings", "message"),
    [
        (["A/1.wav", "B/1.wav"], {"1.wav": 1.0}, r"'1\.wav' fits both 'A/1\.wav' and 'B/1\.wav'"),
        (["A/1.wav"], {"1.wav": 1.0, "A/1.wav": 2.0}, r"'A/1\.wav' is rated twice"),
        (["A/1.wav"], {"2.wav": 1.0}, r"no clip has both a rating and a score on MI \(1 clips unrated, 0 unscored\)"),
    ],
)
def test_joins_that_are_not_guessed(paths, ratings, message):
    with pytest.raises(RatingsError, match=message):
        evaluate([row(path, 1.0) for path in paths], ratings, "MI")
