"""Rows that say how well scores follow ratings, each figure with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from drasp_cli.metrics import Metric, bootstrap_interval, ktau, lcc, mse, srcc
from tests.benchmarks.report import Cell, Interval

METRICS: dict[str, Metric] = {"SRCC": srcc, "LCC": lcc, "KTAU": ktau, "MSE": mse}


def estimate(metric: Metric, reference: Sequence[float], predicted: Sequence[float]) -> Interval:
    """A metric with its 95 % percentile bootstrap interval over the items."""
    return Interval(metric(reference, predicted), *bootstrap_interval(metric, reference, predicted))


def estimates(names: Sequence[str], reference: Sequence[float], predicted: Sequence[float]) -> list[Cell]:
    """The metrics of these names, in that order."""
    return [estimate(METRICS[name], reference, predicted) for name in names]


def share_of_ceiling(rated: Sequence[float], scored: Sequence[float], latent: Sequence[float]) -> Interval:
    """SRCC of the scores over SRCC of the latents, both against the ratings.

    Its interval draws items once for both, so that what moves the two together cancels.
    """
    ratings, scores, latents = (np.asarray(values, np.float64) for values in (rated, scored, latent))

    def share(drawn: ArrayLike, _: ArrayLike) -> float:
        items = np.asarray(drawn, np.int64)
        return srcc(ratings[items], scores[items]) / srcc(ratings[items], latents[items])

    items = np.arange(len(ratings))
    return Interval(share(items, items), *bootstrap_interval(share, items, items))
