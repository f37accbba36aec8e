"""How well predictions follow a reference: MSE, LCC, SRCC and KTAU of two 1-D sequences.

Conventions: the argument order is always (reference, predicted), both (items,) and finite. LCC is Pearson's r, SRCC
Spearman's rho with average ranks for ties, KTAU Kendall's tau-b; they equal `scipy.stats`. Where a correlation is not
defined it is NaN, never 0, and `why_undefined` says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drasp_cli.errors import RatingsError

Values = NDArray[np.float64]
Metric = Callable[[ArrayLike, ArrayLike], float]


def mse(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Mean squared error.

    >>> mse([1, 2, 3], [1, 2, 5])
    1.3333333333333333
    """
    x, y = _validate(reference, predicted)
    return float(np.mean((x - y) ** 2))


def lcc(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Linear correlation (Pearson's r), in [-1, 1]; NaN where `why_undefined` has a reason.

    >>> lcc([1, 2, 3], [10, 20, 30])
    1.0
    """
    x, y = _validate(reference, predicted)
    return _pearson(x, y)


def srcc(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Rank correlation (Spearman's rho), in [-1, 1]; NaN where `why_undefined` has a reason.

    >>> srcc([1, 2, 3, 4], [1, 10, 100, 1000])
    1.0
    """
    x, y = _validate(reference, predicted)
    return _pearson(average_ranks(x), average_ranks(y))


def ktau(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Rank agreement over pairs (Kendall's tau-b), in [-1, 1]; NaN where `why_undefined` has a reason.

    tau_b = (C - D) / sqrt((P - T_x)(P - T_y)): of all P pairs C are ordered alike, D the other way round, T_x and T_y
    are tied in one of the two. With T_xy tied in both, C + D = P - T_x - T_y + T_xy, and D is the number of inversions
    that the predictions have left once the items are sorted by the reference (Knight 1966).

    >>> ktau([1, 2, 3], [1, 3, 2])
    0.3333333333333333
    """
    x, y = _validate(reference, predicted)
    if _why_undefined(x, y):
        return math.nan
    order = np.lexsort((y, x))  # by x, and by y among equals, so that pairs tied in x are no inversions
    _, x_class = np.unique(x[order], return_inverse=True)
    _, y_class = np.unique(y[order], return_inverse=True)
    pairs = _pairs(np.array([len(x)]))
    tied_x, tied_y = _pairs(np.bincount(x_class)), _pairs(np.bincount(y_class))
    _, both = np.unique(x_class.astype(np.int64) * len(x) + y_class, return_counts=True)
    discordant = _inversions(y_class)
    numerator = pairs - tied_x - tied_y + _pairs(both) - 2 * discordant
    return max(-1.0, min(1.0, numerator / math.sqrt((pairs - tied_x) * (pairs - tied_y))))


METRICS: Final[Mapping[str, Metric]] = MappingProxyType({"MSE": mse, "LCC": lcc, "SRCC": srcc, "KTAU": ktau})
"""The metrics by their names, in the order of the DRASP paper."""


def why_undefined(reference: ArrayLike, predicted: ArrayLike) -> str | None:
    """Why LCC, SRCC and KTAU are NaN on these values; None when they are numbers.

    >>> why_undefined([1, 2, 3], [4, 4, 4])
    'all predicted values are equal'
    """
    return _why_undefined(*_validate(reference, predicted))


def average_ranks(values: ArrayLike) -> Values:
    """Ranks from 1 up, where equal values share the mean of the ranks they take up.

    >>> average_ranks([10, 30, 30, 20]).tolist()
    [1.0, 3.5, 3.5, 2.0]
    """
    _, value_class, counts = np.unique(np.asarray(values, np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Values = (last - (counts - 1) / 2)[value_class]
    return ranks


def bootstrap_interval(
    metric: Metric,
    reference: ArrayLike,
    predicted: ArrayLike,
    *,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """(low, high): the percentile bootstrap interval of a metric over items drawn with replacement.

    Draws on which the metric is not defined are left out; (NaN, NaN) where that is more than half of them.

    Args:
        metric: one of this module.
        reference: (items,).
        predicted: (items,).
        resamples: how many times the items are drawn.
        seed: of the draws.
        level: how much of the bootstrap distribution lies inside.
    """
    x, y = _validate(reference, predicted)
    random = np.random.default_rng(seed)
    draws = (random.integers(0, len(x), len(x)) for _ in range(resamples))
    return percentile_interval(np.array([metric(x[draw], y[draw]) for draw in draws]), level)


def percentile_interval(figures: Values, level: float) -> tuple[float, float]:
    """(low, high): between them lies `level` of the (resamples,) figures; those that are NaN are left out.

    (NaN, NaN) where these are half of them or more.
    """
    values = figures[np.isfinite(figures)]
    if len(values) * 2 <= len(figures):
        return math.nan, math.nan
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


# ----------------------------------------------------------------------------------------------------- inside


def _validate(reference: ArrayLike, predicted: ArrayLike) -> tuple[Values, Values]:
    """Both as (items,) float64.

    Raises:
        RatingsError: they are not 1-D, not equally long, empty, or hold something that is no finite number.
    """
    x, y = _as_values("reference", reference), _as_values("predicted", predicted)
    if len(x) != len(y):
        raise RatingsError("reference", f"{len(x)} values beside {len(y)} predicted ones")
    if not len(x):
        raise RatingsError("reference", "no values to compare")
    return x, y


def _as_values(name: str, given: ArrayLike) -> Values:
    try:
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise RatingsError(name, "a sequence of numbers is expected") from None
    if values.ndim != 1:
        raise RatingsError(name, f"one dimension is expected, not {values.ndim}")
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise RatingsError(name, f"value {bad[0] + 1} of {len(values)} is {values[bad[0]]}, not a finite number")
    return values


def _why_undefined(x: Values, y: Values) -> str | None:
    if len(x) < 2:
        return "there is only one pair of values"
    for name, values in (("reference", x), ("predicted", y)):
        if values.min() == values.max():
            return f"all {name} values are equal"
    return None


def _pearson(x: Values, y: Values) -> float:
    if _why_undefined(x, y):
        return math.nan
    x, y = _direction(x), _direction(y)
    return max(-1.0, min(1.0, float(x @ y)))


def _direction(values: Values) -> Values:
    """`values` less their mean, at length 1; scaled first, since squares of large or tiny numbers leave the range."""
    values = values / np.abs(values).max()
    values = values - values.mean()
    values = values / np.abs(values).max()
    direction: Values = values / np.linalg.norm(values)
    return direction


def _pairs(counts: NDArray[np.intp]) -> int:
    """Pairs within classes of these sizes: sum of n (n - 1) / 2."""
    sizes = counts.astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _inversions(classes: NDArray[np.intp]) -> int:
    """How many pairs i < j have classes[i] > classes[j], in O(n log n).

    Bit by bit from the top: the two of an inverted pair agree in all higher bits, and then the first has a 1 where the
    second has a 0. The items are kept sorted by the higher bits (stable, so each group keeps its order), and each 0
    counts the 1s before it in its group.

        group   00000 | 1111          zeros and ones of a group change places like this:
        bit     01101 | 1010    ->    0 0 | 1 1 1 | 0 0 | 1 1
    """
    items = classes.astype(np.int64)
    place = np.arange(len(items))
    total = 0
    for bit in reversed(range(int(items.max()).bit_length())):
        group = items >> (bit + 1)
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        sizes = np.diff(starts, append=len(items))
        start = np.repeat(starts, sizes)
        one = (items >> bit) & 1
        ones_before = np.cumsum(one) - one
        ones_before -= ones_before[start]
        total += int(ones_before[one == 0].sum())
        zeros_before = place - start - ones_before
        zeros_in_group = np.repeat(sizes - np.add.reduceat(one, starts), sizes)
        target = start + np.where(one == 1, zeros_in_group + ones_before, zeros_before)
        items[target] = items.copy()
    return total
