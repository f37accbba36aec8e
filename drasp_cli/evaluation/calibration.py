"""Maps from scores to the scale of somebody's ratings: fitted, cross-validated, refused where the data are too poor.

Two kinds are tried. A straight line by least squares; and a map that only never falls: the isotonic regression of
the ratings (pool adjacent violators, Barlow et al. 1972), whose steps are joined by straight lines between their
centres, so that clips of different scores keep different places. Ten times ten-fold cross-validation decides: the
line, unless the monotone map has a smaller error by more than one standard error (Breiman et al. 1984, section 3.4.3).

There is no map where fewer than MIN_ITEMS clips have both, scores and ratings do not rise together more than chance
would have it (Spearman, one-sided, 5 %), or the map predicts left-out clips no better than the mean rating of the
others does.

Clips of one system are alike in score and in rating, so twelve clips of each of two systems are nearer to two
observations than to 24, and any two systems rank alike half of the time. Where clips are of several systems, whole
systems are therefore what is left out, and chance is asked twice: how often the means of the systems would rise
together as they do if each of their k! orders were as likely, and how often clips would within their systems. Under no
relation the two are independent, and Fisher's method (1932) makes one of them. Orders of fewer than MIN_SYSTEMS cannot
come below the 5 % that are asked, and leaving out one says nothing of others: they are refused. Where all clips are of
one system, or none names one, clips are what is left out and tested, by Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from drasp_cli.errors import RatingsError
from drasp_cli.metrics import average_ranks, srcc
from drasp_cli.tables.calibration import LINEAR, MONOTONE, AxisMap

MIN_ITEMS: Final = 20
MIN_SYSTEMS: Final = 4  # 1 / 4! is below _CHANCE, and 1 / 3! is not
_CHANCE: Final = 0.05
_ORDERS: Final = 5040  # of systems: all of up to seven, and so many at random of more
_FOLDS, _REPEATS = 10, 10

Values = NDArray[np.float64]
Places = NDArray[np.intp]
Predict = Callable[[Values], Values]


def fit_map(
    axis: str,
    scores: Sequence[float],
    ratings: Sequence[float],
    source: str,
    *,
    systems: Sequence[str] | None = None,
    seed: int = 0,
) -> AxisMap:
    """The map of one axis.

    Args:
        axis: its name.
        scores: (items,) of the clips.
        ratings: (items,) mean ratings of the same clips.
        source: what messages call the ratings.
        systems: (items,) the system of each clip; those that name none count as one of their own. None: none does.
        seed: of the cross-validation, and of the orders of many systems.

    Raises:
        RatingsError: the data cannot support a map; the message says why.
    """
    x, y = np.asarray(scores, np.float64), np.asarray(ratings, np.float64)
    group = _groups(x, y, systems)
    _refuse_poor(axis, x, y, group, source, seed)
    constant, line, monotone = _squared_errors(x, y, group, seed)
    gain = line - monotone
    kind = MONOTONE if gain.mean() > _standard_error(gain, group) else LINEAR
    error, plain = (math.sqrt(e.mean()) for e in (monotone if kind == MONOTONE else line, constant))
    ends = np.array([x.min(), x.max()])
    at, rated = monotone_knots(x, y) if kind == MONOTONE else (ends, _line(x, y)(ends))
    if error >= plain or rated[0] >= rated[-1]:
        reason = f"its cross-validated error is {error:.3g}, and that of the mean rating of all clips {plain:.3g}"
        raise RatingsError(source, f"{axis} cannot be calibrated: {reason}")
    low, high = ends.tolist()
    return AxisMap(axis, kind, tuple(at.tolist()), tuple(rated.tolist()), low, high, len(x), error, plain)


def monotone_knots(x: Values, y: Values) -> tuple[Values, Values]:
    """(scores, ratings) of the knots: mean score and mean rating of each pool, in rising order of both.

    >>> [k.tolist() for k in monotone_knots(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 5]))]
    [[1.0, 2.5, 4.0], [1.0, 2.5, 5.0]]
    """
    order = np.lexsort((y, x))
    values, first = np.unique(x[order], return_index=True)
    weights = np.diff(first, append=len(x)).astype(np.float64)
    totals = np.add.reduceat(y[order], first)
    pools: list[list[float]] = []  # weight, sum of scores, sum of ratings
    for value, weight, total in zip(values.tolist(), weights.tolist(), totals.tolist(), strict=True):
        pools.append([weight, weight * value, total])
        while len(pools) > 1 and pools[-2][2] / pools[-2][0] >= pools[-1][2] / pools[-1][0]:
            last = pools.pop()
            pools[-1] = [mine + other for mine, other in zip(pools[-1], last, strict=True)]
    weight, scores, ratings = np.array(pools).T
    return scores / weight, ratings / weight


def _groups(x: Values, y: Values, systems: Sequence[str] | None) -> Places:
    """(items,) what is left out together, from 0 up: systems, or each clip by itself where there is but one of them.

    Numbered by value, so that the order of rows, or names, does not decide what is left out with what.
    """
    names = np.asarray([""] * len(x) if systems is None else systems)
    _, group = np.unique(names, return_inverse=True)
    if not group.any():
        group = np.arange(len(x))
    order = np.lexsort((_means(y, group), _means(x, group)))
    return order.argsort()[group]


def _means(values: Values, group: Places) -> Values:
    """(groups,) means of the (items,) values of each."""
    means: Values = np.bincount(group, values) / np.bincount(group)
    return means


def _refuse_poor(axis: str, x: Values, y: Values, group: Places, source: str, seed: int) -> None:
    """Check that there is something to learn.

    Raises:
        RatingsError: there is not.
    """
    problem = None
    if len(x) < MIN_ITEMS:
        problem = f"{len(x)} clips have a score and a rating, and {MIN_ITEMS} are the least"
    elif np.ptp(x) == 0:
        problem = "all scores are equal"
    elif np.ptp(y) == 0:
        problem = "all ratings are equal"
    elif (number := int(group.max()) + 1) == len(x):
        if _by_chance(r := srcc(y, x), number) > _CHANCE:
            problem = f"ratings do not rise with scores more than by chance (SRCC {r:.2f} over {number} clips)"
    elif number < MIN_SYSTEMS:
        problem = (
            f"its {len(x)} clips are of {number} systems, whose ratings rise with their scores by chance too often; "
            f"have a few clips of {MIN_SYSTEMS} systems or more rated, or calibrate on the clips of one"
        )
    else:
        both = _by_chance_of_order(_means(x, group), _means(y, group), seed)
        if (within := _by_chance_within(x, y, group)) is not None:
            both *= max(within, 1e-300)
            both *= 1 - math.log(both)
        if both > _CHANCE:
            figures = f"SRCC {srcc(y, x):.2f} over {len(x)} clips of {number} systems"
            problem = f"ratings do not rise with scores more than by chance ({figures})"
    if problem is not None:
        raise RatingsError(source, f"{axis} cannot be calibrated: {problem}")


def _by_chance(r: float, items: int) -> float:
    """How often Spearman's rho of unrelated items is `r` or more."""
    t = r * math.sqrt((items - 2) / max(1e-12, 1 - r * r))
    return float(stdtr(items - 2, -t))


def _by_chance_of_order(x: Values, y: Values, seed: int) -> float:
    """How often Spearman's rho of (systems,) x and y would be what it is, or more, if any order were as likely.

    All orders where they are few, else random ones and the true one among them (Phipson and Smyth 2010).
    """
    ranks, rated = average_ranks(x), average_ranks(y)
    if math.factorial(len(x)) <= _ORDERS:
        orders = np.array(list(permutations(range(len(x)))))
    else:
        random = np.random.default_rng(seed)
        orders = random.permuted(np.tile(np.arange(len(x)), (_ORDERS, 1)), axis=1)
        orders[0] = np.arange(len(x))
    # Of the same ranks in another order only the product changes; they are halves, so sums are exact.
    return float(np.mean(rated[orders] @ ranks >= rated @ ranks))


def _by_chance_within(x: Values, y: Values, group: Places) -> float | None:
    """How often ranks, less their mean over the group, of unrelated items would rise together as they do, or more.

    None where groups are too small or too even to say.
    """
    ranks, rated = (r - _means(r, group)[group] for r in (average_ranks(x), average_ranks(y)))
    free = len(x) - int(group.max())
    spread = math.sqrt(float(ranks @ ranks) * float(rated @ rated))
    return _by_chance(float(ranks @ rated) / spread, free) if free > 3 and spread > 0 else None


def _standard_error(gain: Values, group: Places) -> float:
    """That of the mean of (items,) differences, whose groups alone are independent of one another."""
    number = int(group.max()) + 1
    spread = np.bincount(group, gain - gain.mean())
    return math.sqrt(number / (number - 1) * float(spread @ spread)) / len(gain)


def _squared_errors(x: Values, y: Values, group: Places, seed: int) -> tuple[Values, Values, Values]:
    """(items,) squared errors of each left-out clip, by the mean rating, the line and the monotone map.

    The clips of a group are left out together; of no more groups than folds each is left out by itself, once.
    """
    random = np.random.default_rng(seed)
    number = int(group.max()) + 1
    folds, repeats = (_FOLDS, _REPEATS) if number > _FOLDS else (number, 1)
    errors = np.zeros((3, len(x)))
    for _ in range(repeats):
        fold = random.permutation(number)[group] % folds
        for one in range(folds):
            left, kept = fold == one, fold != one
            for error, fit in zip(errors, (_constant, _line, _monotone), strict=True):
                error[left] += (fit(x[kept], y[kept])(x[left]) - y[left]) ** 2
    errors /= repeats
    return errors[0], errors[1], errors[2]


def _constant(_: Values, y: Values) -> Predict:
    return lambda scores: np.full(len(scores), y.mean())


def _line(x: Values, y: Values) -> Predict:
    """Least squares; level where all scores are equal."""
    spread = x - x.mean()
    slope = float(spread @ y) / max(float(spread @ spread), 1e-300)
    return lambda scores: y.mean() + slope * (scores - x.mean())


def _monotone(x: Values, y: Values) -> Predict:
    knots = monotone_knots(x, y)
    return lambda scores: np.interp(scores, *knots)
