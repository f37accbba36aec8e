"""Metrics on numbers to be checked by hand; their equality with scipy is in tests/property."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from drasp_cli.errors import RatingsError
from drasp_cli.metrics import average_ranks, bootstrap_interval, ktau, lcc, mse, srcc, why_undefined

CORRELATIONS = [lcc, srcc, ktau]


def test_by_hand():
    reference, predicted = [1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0]
    assert mse(reference, predicted) == 1.0
    assert lcc(reference, predicted) == pytest.approx(0.6, abs=1e-15)
    assert srcc(reference, predicted) == pytest.approx(0.6, abs=1e-15)
    assert ktau(reference, predicted) == pytest.approx(1 / 3, abs=1e-15)  # 4 pairs alike, 2 not


def test_tau_b_with_ties_by_hand():
    # Pairs: 1-2 tied in x; 1-3 alike; 2-3 tied in y. C 1, D 0, P 3: 1 / sqrt(2 * 2)
    assert ktau([1, 1, 2], [1, 2, 2]) == pytest.approx(0.5, abs=1e-15)


def test_average_ranks():
    assert average_ranks([3.0, 1.0, 3.0, 3.0, 0.0]).tolist() == [4.0, 2.0, 4.0, 4.0, 1.0]


@pytest.mark.parametrize("metric", CORRELATIONS)
@pytest.mark.parametrize(
    ("reference", "predicted", "reason"),
    [
        ([1, 2, 3], [4, 4, 4], "all predicted values are equal"),
        ([4, 4, 4], [1, 2, 3], "all reference values are equal"),
        ([1], [2], "there is only one pair of values"),
    ],
)
def test_undefined_is_nan_with_a_reason(metric, reference, predicted, reason):
    assert math.isnan(metric(reference, predicted))
    assert why_undefined(reference, predicted) == reason


@pytest.mark.parametrize("metric", CORRELATIONS)
def test_defined_has_no_reason(metric):
    assert why_undefined([1, 2], [3, 4]) is None
    assert metric([1, 2], [3, 4]) == pytest.approx(1.0, abs=1e-15)
    assert metric([1, 2], [4, 3]) == pytest.approx(-1.0, abs=1e-15)


@pytest.mark.parametrize("metric", [mse, *CORRELATIONS, why_undefined])
@pytest.mark.parametrize(
    ("reference", "predicted", "message"),
    [
        ([1, 2], [1], "reference: 2 values beside 1 predicted ones"),
        ([], [], "reference: no values"),
        ([1, math.nan], [1, 2], "reference: value 2 of 2 is nan"),
        ([1, 2], [1, math.inf], "predicted: value 2 of 2 is inf"),
        ([[1, 2]], [1, 2], "reference: one dimension is expected, not 2"),
        ([1, 2], ["a", 2], "predicted: a sequence of numbers"),
    ],
)
def test_what_cannot_be_compared_is_refused(metric, reference, predicted, message):
    with pytest.raises(RatingsError, match=message):
        metric(reference, predicted)


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e12, 1e300])
def test_correlations_of_any_scale(scale):
    x, y = np.array([1.0, 2.0, 4.0, 3.0]), np.array([1.0, 3.0, 2.0, 4.0])
    for metric in CORRELATIONS:
        assert metric(x * scale, y) == pytest.approx(metric(x, y), abs=1e-12)


def test_ktau_of_many_items_is_fast_and_right():
    random = np.random.default_rng(0)
    x = random.integers(0, 500, 100_000)
    y = x + random.integers(0, 500, 100_000)
    assert ktau(x, y) == pytest.approx(scipy.stats.kendalltau(x, y).statistic, abs=1e-12)


def test_bootstrap_interval_covers_as_often_as_it_says():
    # Bivariate normal with correlation 0.6: of 200 intervals at 90 % about 180 hold it; 4 standard deviations are 17.
    random = np.random.default_rng(1)
    hits = 0
    for seed in range(200):
        x, noise = random.normal(size=(2, 120))
        low, high = bootstrap_interval(lcc, x, 0.6 * x + 0.8 * noise, resamples=200, seed=seed, level=0.9)
        hits += low <= 0.6 <= high
    assert 160 <= hits <= 197


def test_bootstrap_interval_is_the_same_for_a_seed_and_keeps_pairs_together():
    x = np.arange(10.0)
    assert bootstrap_interval(srcc, x, x**3) == pytest.approx((1.0, 1.0), abs=1e-12)
    y = np.sin(x)
    assert bootstrap_interval(srcc, x, y, seed=3) == bootstrap_interval(srcc, x, y, seed=3)
    low, high = bootstrap_interval(srcc, x, y, seed=3)
    wide_low, wide_high = bootstrap_interval(srcc, x, y, seed=3, level=0.99)
    assert wide_low < low < srcc(x, y) < high < wide_high


def test_bootstrap_interval_of_what_is_mostly_undefined():
    assert all(map(math.isnan, bootstrap_interval(lcc, [1, 2], [1, 1])))
