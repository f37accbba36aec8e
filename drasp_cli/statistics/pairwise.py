r"""Tests of the difference between the means of every two systems, paired where they share clusters.

The partially overlapping samples t-test of Derrick, Russ, Toher and White (Journal of Modern Applied Statistical
Methods 16(1), 2017; their T_new2, which does not assume equal variances), on clusters. With e_cs the influence of
cluster c on the mean of system s, f_s = n_s / (n_s - 1) and n_s its number of clusters,

    e_cs = (T_cs - N_cs mean_s) / N_s           T: sum of scores, N_cs: clips in the cluster, N_s: clips of the system
    V_s  = f_s sum_c e_cs^2                     squared standard error of mean_s
    C_ab = sqrt(f_a f_b) sum_c e_ca e_cb        over the clusters that both have
    t    = (mean_a - mean_b) / sqrt(V_a + V_b - 2 C_ab)

    g = (V_a + V_b)^2 / (V_a^2 / (n_a - 1) + V_b^2 / (n_b - 1)),    u = n_a + n_b - 2 n_ab
    degrees of freedom = (n_ab - 1) + (g - n_ab + 1) u / (u + 2 n_ab)

Where all clusters are shared, one clip each, this is the paired t-test; where none is, it is Welch's; between the two
no clip is thrown away, and the difference tested is always that of the two means shown.

Over the m pairs that can be tested, p values are corrected by Holm's step-down method (Scandinavian Journal of
Statistics 6, 1979), which holds the chance of any false separation on an axis at 5 % or less, whatever is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, stdtr

from drasp_cli.statistics.cells import Cells, Floats

FAMILY_LEVEL: Final = 0.05
_BLOCK = 1 << 20  # numbers in a dense block of clusters x systems
_NO_SPREAD = 1e-12  # of V_a + V_b: what rounding may leave of differences that are all equal


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Every system against every other. All are (systems, systems) and symmetric but `difference`, which changes sign.

    Attributes:
        difference: mean of the row's system less that of the column's; NaN where one has no clip.
        error: standard error of the difference; NaN, as all below, where one has fewer than two clusters.
        freedom: degrees of freedom of `error`.
        p: chance of a difference this large, or larger, between equal systems.
        p_holm: `p` corrected for the number of pairs; a pair is separated where it is at most FAMILY_LEVEL.
        step_level: what `p` had to be at most, by Holm, for the pair to be separated.
        shared: how many clusters the two share; on the diagonal, how many a system has.
        variance: V_s on the diagonal, C_ab elsewhere.
    """

    difference: Floats
    error: Floats
    freedom: Floats
    p: Floats
    p_holm: Floats
    step_level: Floats
    shared: Floats
    variance: Floats

    @property
    def separated(self) -> NDArray[np.bool_]:
        """Whether the two differ; False where that cannot be tested."""
        return self.p_holm <= FAMILY_LEVEL


def compare(cells: Cells) -> Comparison:
    """All pairs of systems."""
    shared, variance = _shared_and_variance(cells)
    n, means = np.diag(shared), cells.means
    difference = means[:, None] - means[None, :]
    v = np.where(n < 2, np.nan, np.diag(variance))
    both = v[:, None] + v[None, :]
    squared = both - 2 * np.where(np.eye(len(n), dtype=bool), np.nan, variance)
    has_spread = squared > _NO_SPREAD * both
    error = np.sqrt(np.where(has_spread, squared, 0.0 * squared))
    with np.errstate(divide="ignore", invalid="ignore"):
        welch = both**2 / (v[:, None] ** 2 / (n[:, None] - 1) + v[None, :] ** 2 / (n[None, :] - 1))
        alone = n[:, None] + n[None, :] - 2 * shared
        freedom = (shared - 1) + (welch - shared + 1) * alone / (alone + 2 * shared)
        p = np.where(has_spread, 2 * stdtr(freedom, -np.abs(difference) / error), _without_spread(difference, shared))
    p = np.where(np.isnan(squared), np.nan, p)
    p_holm, step_level = _holm(p)
    return Comparison(difference, error, freedom, p, p_holm, step_level, shared, variance)


def _shared_and_variance(cells: Cells) -> tuple[Floats, Floats]:
    """(systems, systems) numbers of shared clusters, and V_s on the diagonal with C_ab elsewhere."""
    influence = cells.deviations / cells.clips[cells.system]
    shared, products = np.diag(cells.sizes.astype(np.float64)), np.zeros((cells.systems, cells.systems))
    np.fill_diagonal(products, np.bincount(cells.system, influence**2, cells.systems))
    # Clusters of one system alone have no products with others, and may be most of a million.
    several = np.bincount(cells.cluster, minlength=cells.clusters)[cells.cluster] > 1
    cluster, system, influence = cells.cluster[several], cells.system[several], influence[several]
    row = np.cumsum(np.diff(cluster, prepend=-1) > 0) - 1
    rows_at_once = max(1, _BLOCK // max(1, cells.systems))
    off_diagonal = ~np.eye(cells.systems, dtype=bool)
    for start in range(0, int(row[-1]) + 1 if len(row) else 0, rows_at_once):
        inside = slice(*np.searchsorted(row, (start, start + rows_at_once)))
        place = (row[inside] - start, system[inside])
        here = np.zeros((2, min(rows_at_once, int(row[-1]) + 1 - start), cells.systems))
        here[0][place], here[1][place] = 1.0, influence[inside]
        shared += (here[0].T @ here[0]) * off_diagonal
        products += (here[1].T @ here[1]) * off_diagonal
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.sqrt(cells.sizes / (cells.sizes - 1.0))
    return shared, products * np.where(np.isfinite(factor), factor, 0.0)[:, None] * np.nan_to_num(factor, posinf=0.0)


def _without_spread(difference: Floats, shared: Floats) -> Floats:
    """The p where no difference varies, so that there is no error to divide by: that of an exact permutation test.

    Of all ways to swap the names of two systems, within each of n shared clusters or among n_a + n_b clips, the one
    observed and its mirror image are the most extreme: 2 / 2^n or 2 / binomial(n_a + n_b, n_a).
    """
    n = np.diag(shared)
    a, b = n[:, None], n[None, :]
    paired = (1 - shared) * np.log(2)
    unpaired = np.log(2) - (gammaln(a + b + 1) - gammaln(a + 1) - gammaln(b + 1))
    p = np.exp(np.minimum(0.0, np.where(shared > 0, paired, unpaired)))
    return np.where(np.abs(difference) > 0, p, 1.0)


def _holm(p: Floats) -> tuple[Floats, Floats]:
    """(systems, systems) corrected p, and the level that p is held against at its step; NaN where p is.

    In ascending order, p_(i) is held against FAMILY_LEVEL / (m - i + 1), and the first that fails ends it.
    """
    upper = np.triu_indices(len(p), 1)
    values = p[upper]
    tested = np.flatnonzero(~np.isnan(values))
    order = tested[np.argsort(values[tested], kind="stable")]
    left = np.arange(len(order), 0, -1)  # m - i + 1
    corrected, level = np.full(len(values), np.nan), np.full(len(values), np.nan)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * left))
    level[order] = FAMILY_LEVEL / left
    return _symmetric(corrected, p.shape), _symmetric(level, p.shape)


def _symmetric(values: Floats, shape: tuple[int, ...]) -> Floats:
    matrix = np.full(shape, np.nan)
    upper = np.triu_indices(shape[0], 1)
    matrix[upper] = values
    matrix.T[upper] = values
    return matrix
