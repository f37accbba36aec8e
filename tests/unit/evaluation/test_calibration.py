"""Maps on planted relations: found where they are there, refused where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from drasp_cli.errors import RatingsError
from drasp_cli.evaluation.calibration import MIN_ITEMS, MIN_SYSTEMS, fit_map, monotone_knots
from drasp_cli.tables.calibration import LINEAR, MONOTONE

RANDOM = np.random.default_rng(0)
SCORES = RANDOM.uniform(1, 5, 60)


def test_a_planted_line_is_found() -> None:
    found = fit_map("MI", SCORES, 20 * SCORES - 10 + RANDOM.normal(0, 4, 60), "r.csv")
    assert found.kind == LINEAR
    assert [found.apply(score) for score in (1.0, 3.0, 6.0)] == pytest.approx([10, 50, 110], abs=4)
    assert found.error == pytest.approx(4, rel=0.3)
    assert found.constant_error == pytest.approx(20 * SCORES.std(), rel=0.2)
    assert (found.low, found.high, found.items) == (SCORES.min(), SCORES.max(), 60)


def test_a_planted_curve_is_found() -> None:
    """A scale that saturates: a line would be far off at both ends."""
    scores = RANDOM.uniform(1, 5, 150)
    found = fit_map("MI", scores, 100 / (1 + np.exp(-6 * (scores - 3))) + RANDOM.normal(0, 3, 150), "r.csv")
    assert found.kind == MONOTONE
    assert found.apply(1.5) == pytest.approx(0, abs=4)
    assert found.apply(3.0) == pytest.approx(50, abs=15)
    assert found.apply(4.5) == pytest.approx(100, abs=4)
    assert found.apply(99.0) == found.apply(scores.max()) == found.ratings[-1]
    assert found.apply(-99.0) == found.ratings[0]


def test_the_order_of_rows_does_not_matter() -> None:
    ratings = 3 * SCORES + RANDOM.normal(0, 1, 60)
    order = RANDOM.permutation(60)
    one, other = fit_map("MI", SCORES, ratings, "r"), fit_map("MI", SCORES[order], ratings[order], "r")
    assert one.error == pytest.approx(other.error, rel=1e-12)
    assert one.ratings == pytest.approx(other.ratings, rel=1e-12)


@pytest.mark.parametrize(
    ("scores", "ratings", "message"),
    [
        (SCORES[: MIN_ITEMS - 1], SCORES[: MIN_ITEMS - 1], r"19 clips have a score and a rating, and 20 are the least"),
        (np.full(60, 3.0), SCORES, "all scores are equal"),
        (SCORES, np.full(60, 3.0), "all ratings are equal"),
        (SCORES, -SCORES, r"ratings do not rise with scores more than by chance \(SRCC -1.00 over 60 clips\)"),
        (SCORES, np.random.default_rng(3).normal(size=60), "more than by chance"),
        (np.append(SCORES, 500.0), np.append(SCORES, -500.0), "its cross-validated error is"),
    ],
    ids=["few", "equal scores", "equal ratings", "falling", "unrelated", "one wild clip"],
)
def test_poor_data_are_refused_with_the_reason(scores: np.ndarray, ratings: np.ndarray, message: str) -> None:
    with pytest.raises(RatingsError, match=f"r.csv: MI cannot be calibrated: .*{message}"):
        fit_map("MI", scores, ratings, "r.csv")


def test_unrelated_ratings_are_rarely_calibrated() -> None:
    """Chance alone passes the test of correlation once in 20, and the cross-validation less often."""
    random = np.random.default_rng(5)
    made = 0
    for _ in range(100):
        try:
            fit_map("MI", random.normal(size=30), random.normal(size=30), "r")
        except RatingsError:
            continue
        made += 1
    assert made <= 10


def of_systems(number: int, clips: int, slope: float, random: np.random.Generator) -> list[tuple[float, float, str]]:
    """(score, rating, system): two numbers of unit variance, most of it the system's, of which one is mixed into the
    other."""
    system = np.repeat(np.arange(number), clips)
    score, other = (random.normal(0, 0.8, number)[system] + random.normal(0, 0.6, len(system)) for _ in range(2))
    rating = slope * score + np.sqrt(1 - slope**2) * other
    return [(x, y, f"S{s}") for x, y, s in zip(score, rating, system, strict=True)]


def share_of_maps(number: int, clips: int, slope: float, tests: int) -> float:
    random = np.random.default_rng(7)
    made = 0
    for _ in range(tests):
        scores, ratings, systems = zip(*of_systems(number, clips, slope, random), strict=True)
        try:
            fit_map("MI", scores, ratings, "r", systems=systems)
        except RatingsError:
            continue
        made += 1
    return made / tests


@pytest.mark.parametrize(("number", "clips"), [(4, 10), (8, 8), (20, 2)])
def test_systems_that_happen_to_rank_alike_are_rarely_calibrated(number: int, clips: int) -> None:
    """One in 20, and 2.5 standard deviations of 150 tests; taken for so many clips it would be one in four."""
    assert share_of_maps(number, clips, 0, 150) <= 0.095


@pytest.mark.parametrize(("number", "clips"), [(4, 8), (6, 6), (12, 3)])
def test_a_few_dozen_ratings_of_several_systems_are_enough(number: int, clips: int) -> None:
    assert share_of_maps(number, clips, 0.8, 30) >= 0.8


@pytest.mark.parametrize("number", range(2, MIN_SYSTEMS))
def test_few_systems_are_refused_with_what_to_do(number: int) -> None:
    systems = [f"S{i % number}" for i in range(60)]
    message = rf"its 60 clips are of {number} systems, .*have a few clips of 4 systems or more rated, or calibrate on"
    with pytest.raises(RatingsError, match=message):
        fit_map("MI", SCORES, SCORES, "r", systems=systems)


def test_what_names_no_system_is_as_one() -> None:
    ratings = 3 * SCORES + np.random.default_rng(8).normal(0, 1, 60)
    assert fit_map("MI", SCORES, ratings, "r", systems=["A"] * 60) == fit_map("MI", SCORES, ratings, "r")
    with pytest.raises(RatingsError, match="of 3 systems"):
        fit_map("MI", SCORES, ratings, "r", systems=["A", "B", ""] * 20)
    assert fit_map("MI", SCORES, ratings, "r", systems=["A", "B", "C", ""] * 15).items == 60


def test_the_error_is_that_of_a_system_never_heard() -> None:
    """Five systems, each at a score of its own, whose ratings rise by steps: a curve knows each step that it has seen.

    Left out by itself, a system between others is taken to be between them, and an outer one to be like its neighbour.
    """
    random = np.random.default_rng(9)
    system = np.repeat(np.arange(5), 10)
    scores = system + random.normal(0, 0.01, 50)
    ratings = np.array([0.0, 0.5, 6.0, 6.5, 12.0])[system] + random.normal(0, 0.1, 50)
    names = [f"S{i}" for i in system]
    of_clips, of_systems = fit_map("MI", scores, ratings, "r"), fit_map("MI", scores, ratings, "r", systems=names)
    assert of_clips.error < 0.2
    assert 1 < of_systems.error < of_systems.constant_error
    order = random.permutation(50)
    turned = fit_map("MI", scores[order], ratings[order], "r", systems=[names[i] for i in order])
    assert turned.error == pytest.approx(of_systems.error, rel=1e-12)


def test_where_clips_of_a_system_are_all_alike_the_order_of_systems_decides() -> None:
    """By chance four are in order once in 24 and one swap of neighbours from it 3 times; of five that is 5 in 120."""
    for order, is_enough in (([0, 1, 2, 3], True), ([0, 2, 1, 3], False), ([0, 1, 3, 2, 4], True)):
        system = np.arange(40) % len(order)
        ratings = np.array(order)[system]
        names = [f"S{i}" for i in system]
        if is_enough:
            assert fit_map("MI", system, ratings, "r", systems=names).items == 40
        else:
            with pytest.raises(RatingsError, match=r"more than by chance \(SRCC 0.80 over 40 clips of 4 systems\)"):
                fit_map("MI", system, ratings, "r", systems=names)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), min_size=1, max_size=40))
def test_pools_are_those_of_isotonic_regression(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, np.float64).T
    at, rated = monotone_knots(x, y)
    assert (np.diff(at) > 0).all()
    assert (np.diff(rated) > 0).all()
    _, place = np.unique(x, return_inverse=True)
    weights = np.bincount(place).astype(float)
    expected = isotonic_regression(np.bincount(place, y) / weights, weights=weights).x
    levels = expected[np.append(True, np.diff(expected) > 1e-9)]
    assert rated == pytest.approx(levels, abs=1e-9)
    assert np.sum(weights * expected) == pytest.approx(y.sum())
