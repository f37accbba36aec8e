"""Maps from scores to the scale of somebody's ratings: fitted, cross-validated, refused where the data are too poor.

Two kinds are tried. A straight line by least squares; and a map that only never falls: the isotonic regression of
the ratings (pool adjacent violators, Barlow et al. 1972), whose steps are joined by straight lines between their
centres, so that clips of different scores keep different places. Ten times ten-fold cross-validation decides: the
line, unless the monotone map has a smaller error by more than one standard error (Breiman et al. 1984, section 3.4.3).

There is no map where fewer than MIN_ITEMS clips have both, scores and ratings do not rise together more than chance
would have it (Spearman, one-sided, 5 %), or the map predicts left-out clips no better than their mean rating does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from drasp_cli.errors import RatingsError
from drasp_cli.metrics import srcc
from drasp_cli.tables.calibration import LINEAR, MONOTONE, AxisMap

MIN_ITEMS: Final = 20
_CHANCE: Final = 0.05
_FOLDS, _REPEATS = 10, 10

Values = NDArray[np.float64]
Predict = Callable[[Values], Values]


def fit_map(axis: str, scores: Sequence[float], ratings: Sequence[float], source: str, *, seed: int = 0) -> AxisMap:
    """The map of one axis.

    Args:
        axis: its name.
        scores: (items,) of the clips.
        ratings: (items,) mean ratings of the same clips.
        source: what messages call the ratings.
        seed: of the cross-validation.

    Raises:
        RatingsError: the data cannot support a map; the message says why.
    """
    x, y = np.asarray(scores, np.float64), np.asarray(ratings, np.float64)
    _refuse_poor(axis, x, y, source)
    constant, line, monotone = _squared_errors(x, y, seed)
    gain = line - monotone
    kind = MONOTONE if gain.mean() > gain.std(ddof=1) / math.sqrt(len(x)) else LINEAR
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


def _refuse_poor(axis: str, x: Values, y: Values, source: str) -> None:
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
    else:
        r = srcc(y, x)
        t = r * math.sqrt((len(x) - 2) / max(1e-12, 1 - r * r))
        if stdtr(len(x) - 2, -t) > _CHANCE:
            problem = f"ratings do not rise with scores more than by chance (SRCC {r:.2f} over {len(x)} clips)"
    if problem is not None:
        raise RatingsError(source, f"{axis} cannot be calibrated: {problem}")


def _squared_errors(x: Values, y: Values, seed: int) -> tuple[Values, Values, Values]:
    """(items,) squared errors of each left-out clip, by the mean rating, the line and the monotone map."""
    random = np.random.default_rng(seed)
    # By value first, so that the order of rows does not decide who is left out with whom.
    order = np.lexsort((y, x))
    x, y = x[order], y[order]
    errors = np.zeros((3, len(x)))
    for _ in range(_REPEATS):
        fold = random.permutation(len(x)) % _FOLDS
        for number in range(_FOLDS):
            left, kept = fold == number, fold != number
            for error, fit in zip(errors, (_mean, _line, _monotone), strict=True):
                error[left] += (fit(x[kept], y[kept])(x[left]) - y[left]) ** 2
    errors /= _REPEATS
    return errors[0], errors[1], errors[2]


def _mean(_: Values, y: Values) -> Predict:
    return lambda scores: np.full(len(scores), y.mean())


def _line(x: Values, y: Values) -> Predict:
    """Least squares; level where all scores are equal."""
    spread = x - x.mean()
    slope = float(spread @ y) / max(float(spread @ spread), 1e-300)
    return lambda scores: y.mean() + slope * (scores - x.mean())


def _monotone(x: Values, y: Values) -> Predict:
    knots = monotone_knots(x, y)
    return lambda scores: np.interp(scores, *knots)
