"""All that one axis says of its systems: intervals, tests of every pair, groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drasp_cli.statistics.cells import Cells, Floats
from drasp_cli.statistics.letters import letter_groups, letters
from drasp_cli.statistics.pairwise import Comparison, compare
from drasp_cli.statistics.resampling import (
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
        low: (systems,) lower end of the 95 % interval; NaN with fewer than two clusters.
        high: (systems,) its upper end.
        groups: for each system the letters of its groups, "a" the best; empty without a mean.
        comparison: of all pairs.
        deviations: (systems, resamples) draws of the means, less the means.
    """

    means: Floats
    low: Floats
    high: Floats
    groups: tuple[str, ...]
    comparison: Comparison
    deviations: Floats

    def difference_intervals(self, system: int, others: Sequence[int]) -> tuple[Floats, Floats]:
        """(low, high), each (others,): 95 % intervals of the mean of `system` less those of others.

        The draws of a difference are stretched as those of a mean are (`resampling`): by Student's law with the
        degrees of freedom of the pair, and to the standard error that its test uses.
        """
        comparison = self.comparison
        n = np.diag(comparison.shared)
        with np.errstate(divide="ignore", invalid="ignore"):
            kept = np.sqrt((n - 1) / (n + 1))  # of a standard error, by the draws
            errors = np.diag(comparison.variance) * kept**2
            drawn = errors[system] + errors - 2 * comparison.variance[system] * kept[system] * kept
            stretch = comparison.error[system] / np.sqrt(drawn)
        stretch[comparison.error[system] == 0] = 0.0
        scale = (stretch * student_over_normal(comparison.freedom[system]))[others]
        low, high = percentile_interval(self.deviations[system] - self.deviations[others], scale)
        difference = comparison.difference[system][others]
        return difference + low, difference + high


def weigh(cells: Cells, *, seed: int = 0) -> Evidence:
    """The evidence of `cells`, with draws of the bootstrap by `seed`."""
    comparison = compare(cells)
    deviations = draw_deviations(cells, tied_systems(comparison.shared), seed=seed)
    means = cells.means
    low, high = percentile_interval(deviations, student_scale(cells.sizes))
    ranked = [int(place) for place in np.argsort(-means, kind="stable") if not np.isnan(means[place])]
    groups = [""] * cells.systems
    for place, numbers in zip(ranked, letter_groups(comparison.separated[np.ix_(ranked, ranked)]), strict=True):
        groups[place] = letters(numbers)
    return Evidence(means, means + low, means + high, tuple(groups), comparison, deviations)
