"""All that one axis says of its systems: intervals, tests of every pair, groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from drasp_cli.statistics.cells import Cells, Floats
from drasp_cli.statistics.letters import letter_groups, letters
from drasp_cli.statistics.pairwise import NO_SPREAD, Comparison, compare
from drasp_cli.statistics.resampling import (
    LEVEL,
    draw_deviations,
    percentile_interval,
    student_over_normal,
    student_scale,
    tied_systems,
)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known of the means of systems on one axis.

    Attributes:
        means: (systems,) over clips; NaN without any.
        clips: (systems,) how many clips that is.
        low: (systems,) lower end of the 95 % interval; NaN with fewer than two clusters.
        high: (systems,) its upper end.
        groups: for each system the letters of its groups, "a" the best; empty without a mean.
        comparison: of all pairs.
        deviations: (systems, resamples) draws of the means, less the means.
    """

    means: Floats
    clips: Floats
    low: Floats
    high: Floats
    groups: tuple[str, ...]
    comparison: Comparison
    deviations: Floats

    def difference_intervals(self, system: int, others: Sequence[int]) -> tuple[Floats, Floats]:
        """(low, high), each (others,): 95 % intervals of the mean of `system` less those of others.

        The draws of a difference are stretched as those of a mean are (`resampling`): by Student's law with the
        degrees of freedom of the pair, and to the standard error that its test uses. Where that is not nothing but
        plain influences cancel, so that there is nothing to stretch, the interval is Student's.
        """
        comparison = self.comparison
        error, spread = comparison.error[system][others], np.diag(comparison.drawn)
        drawn = (spread[system] + spread - 2 * comparison.drawn[system])[others]
        is_lost = (drawn <= NO_SPREAD * (spread[system] + spread)[others]) & (error > 0)
        student = student_over_normal(comparison.freedom[system][others])
        with np.errstate(divide="ignore", invalid="ignore"):
            stretch = np.where(error == 0, 0.0, error / np.sqrt(drawn))
        deviations = self.deviations[system] - self.deviations[others]
        low, high = percentile_interval(deviations, np.where(is_lost, 0.0, stretch) * student)
        plain = np.where(is_lost, error * student * ndtri((1 + LEVEL) / 2), 0.0)
        difference = comparison.difference[system][others]
        return difference + low - plain, difference + high + plain


def weigh(cells: Cells, *, seed: int = 0) -> Evidence:
    """The evidence of `cells`, with draws of the bootstrap by `seed`."""
    comparison = compare(cells)
    deviations = draw_deviations(cells, tied_systems(comparison.shared), seed=seed)
    means = cells.means
    low, high = percentile_interval(deviations, student_scale(cells))
    ranked = [int(place) for place in np.argsort(-means, kind="stable") if not np.isnan(means[place])]
    groups = [""] * cells.systems
    for place, numbers in zip(ranked, letter_groups(comparison.separated[np.ix_(ranked, ranked)]), strict=True):
        groups[place] = letters(numbers)
    return Evidence(means, cells.clips, means + low, means + high, tuple(groups), comparison, deviations)
