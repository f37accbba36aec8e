"""Intervals of all metrics at once: those of each metric on each draw, by scipy and by `bootstrap_interval`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from drasp_cli.errors import RatingsError
from drasp_cli.evaluation import resampling
from drasp_cli.evaluation.resampling import bootstrap_intervals
from drasp_cli.metrics import METRICS, Metric, bootstrap_interval

Values = NDArray[np.float64]
LEVELS = (1.0, 0.7, 0.0)


def same(found: tuple[float, float], expected: tuple[float, float]) -> bool:
    return found == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


def assert_like_one_by_one(x: Values, y: Values, resamples: int, metrics: dict[str, Metric] | None = None) -> None:
    """At several levels, which together say what the single figures are."""
    for level in LEVELS:
        found = bootstrap_intervals(x, y, resamples=resamples, seed=3, level=level)
        for name, metric in (metrics or dict(METRICS)).items():
            expected = bootstrap_interval(metric, x, y, resamples=resamples, seed=3, level=level)
            assert same(found[name], expected), (name, level, found[name], expected)


def scipys(statistic: Callable[..., object]) -> Metric:
    def metric(x: Values, y: Values) -> float:
        if np.ptp(x) == 0 or np.ptp(y) == 0:
            return math.nan
        return float(statistic(x, y).statistic)

    return metric


@pytest.mark.parametrize("items", [12, 150, 700])
@pytest.mark.parametrize("steps", [2, 5, 40, 0])
def test_they_are_scipys_of_each_draw(items: int, steps: int) -> None:
    """With ties in one, both or neither; 150 and 700 items are several blocks of the pairs."""
    random = np.random.default_rng(items + steps)
    common = random.normal(size=items)
    x, y = (common + random.normal(size=items) for _ in range(2))
    if steps:
        x = np.floor(x * steps)
    metrics = {"LCC": stats.pearsonr, "SRCC": stats.spearmanr, "KTAU": stats.kendalltau}
    for ratings in (y, np.floor(2 * y)):
        assert_like_one_by_one(x, ratings, 15, {name: scipys(one) for name, one in metrics.items()})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_they_are_those_of_one_metric_at_a_time(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, np.float64).T
    assert_like_one_by_one(x, y, 9)


def test_however_many_draws_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, y = random.integers(0, 30, (2, 100)).astype(float)
    expected = bootstrap_intervals(x, y, resamples=47)
    monkeypatch.setattr(resampling, "_AT_A_TIME", 300)
    monkeypatch.setattr(resampling, "_IN_A_PRODUCT", 1800)
    for name, found in bootstrap_intervals(x, y, resamples=47).items():
        assert same(found, expected[name])
    assert_like_one_by_one(x, y, 47)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e100])
def test_one_wild_value_does_not_cost_the_others_their_digits(scale: float) -> None:
    """A third of the draws are without it, and spread a billionth as far."""
    random = np.random.default_rng(1)
    x, y = random.normal(size=(2, 25))
    x[7] = 1e9
    assert_like_one_by_one(scale * x, y, 60)


def test_mean_ratings_far_from_zero() -> None:
    x, y = np.random.default_rng(2).normal(size=(2, 60)) + 1e4
    for name, metric in METRICS.items():
        found = bootstrap_intervals(x, y, resamples=30)[name]
        assert found == pytest.approx(bootstrap_interval(metric, x, y, resamples=30), rel=1e-9)


@pytest.mark.parametrize(("x", "y"), [([1.0], [2.0]), ([3.0, 3.0, 3.0], [1.0, 2.0, 3.0]), ([1.0, 2.0], [0.0, 0.0])])
def test_what_is_not_defined_has_no_interval(x: list[float], y: list[float]) -> None:
    found = bootstrap_intervals(x, y)
    assert all(math.isfinite(end) for end in found["MSE"])
    assert all(math.isnan(end) for name in ("LCC", "SRCC", "KTAU") for end in found[name])


def test_they_are_seeded_and_what_cannot_be_compared_is_refused() -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 30))
    assert bootstrap_intervals(x, y) == bootstrap_intervals(x, y) != bootstrap_intervals(x, y, seed=1)
    with pytest.raises(RatingsError, match="value 2 of 2 is nan"):
        bootstrap_intervals([1, math.nan], [1, 2])
