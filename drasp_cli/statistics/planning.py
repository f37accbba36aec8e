r"""How many clusters more would separate two systems, if they differ by as much as it looks.

With k clusters more for each of the two (shared ones, if they share any), with clips as in those that they have, the
squared standard error becomes

    E(k) = s_a / (n_a + k) + s_b / (n_b + k) - 2 c (n_ab + k) / ((n_a + k) (n_b + k))

with s_a = n_a V_a, and likewise s_b, the variance of a cluster and c = C_ab n_a n_b / n_ab what two shared ones have
in common. A test at level a finds a difference d with the power asked for where

    E(k) <= d^2 / (z_{1-a/2} + z_power)^2

which is a quadratic in k. Student's law asks for a little more: z_{1-a/2}^2 / 2 pairs, or a quarter of that square in
each of two groups (Guenther, The American Statistician 35, 1981), and for n / h times as many where unequal numbers of
clips make n clusters worth h (`pairwise`, here over both systems). The level is the one that Holm's method holds the
pair against.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from drasp_cli.statistics.cells import Floats
from drasp_cli.statistics.pairwise import Comparison

POWER: Final = 0.8
NO_DIFFERENCE: Final = 0.5
"""Above this p the difference is below its probable error: equal systems show a larger one half of the time. Neither
its size nor its sign is known, so no number of clusters can be worked out from it."""


def no_difference(comparison: Comparison) -> NDArray[np.bool_]:
    """(systems, systems) whether no difference is seen between the two; False where that cannot be tested."""
    return comparison.p > NO_DIFFERENCE


def more_clusters(comparison: Comparison) -> Floats:
    """(systems, systems) clusters that each of the two would need beside its own; NaN where that makes no sense.

    That is: pairs that are separated, cannot be tested, or show no difference.
    """
    shared = comparison.shared
    n = np.diag(shared)
    n_a, n_b = n[:, None], n[None, :]
    v = np.diag(comparison.variance)
    is_wanted = ~comparison.separated & (comparison.p <= NO_DIFFERENCE)
    with np.errstate(divide="ignore", invalid="ignore"):
        common = np.where(shared > 0, comparison.variance * n_a * n_b / shared, 0.0)
        tail = -ndtri(comparison.step_level / 2)
        aim = (comparison.difference / (tail + ndtri(POWER))) ** 2
        s_a, s_b = (v * n)[:, None], (v * n)[None, :]
        # aim k^2 + b k + c >= 0 beyond the larger root
        b = aim * (n_a + n_b) - s_a - s_b + 2 * common
        c = aim * n_a * n_b - s_a * n_b - s_b * n_a + 2 * common * shared
        root = (-b + np.sqrt(np.maximum(0.0, b**2 - 4 * aim * c))) / (2 * aim)
        h = np.diag(comparison.freedom) + 1
        worth = (h[:, None] + h[None, :]) / (n_a + n_b)
        # Rounding in `worth`, which is 1 for equal numbers of clips, is not to make one more of a whole number.
        needed = np.ceil(np.round(root + tail**2 * np.where(shared > 0, 0.5, 0.25) / worth, 9))
    return np.where(is_wanted, np.maximum(1.0, needed), np.nan)
