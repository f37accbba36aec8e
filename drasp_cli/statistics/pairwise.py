r"""Tests of the difference between the means of every two systems, paired where they share clusters.

The partially overlapping samples t-test of Derrick, Russ, Toher and White (Journal of Modern Applied Statistical
Methods 16(1), 2017; their T_new2, which does not assume equal variances), on clusters. With e_cs the corrected
influence of cluster c on the mean of system s, and nu_s the degrees of freedom of V_s (both of `influence`),

    V_s  = sum_c e_cs^2                         squared standard error of mean_s
    C_ab = sum_c e_ca e_cb                      over the clusters that both have
    t    = (mean_a - mean_b) / sqrt(V_a + V_b - 2 C_ab)

    h_s  = nu_s + 1,    h_ab = o_ab sqrt(h_a h_b)           effective numbers of clusters, and of shared ones
    o_ab = sum_c w_ca^2 w_cb^2 / sqrt(sum_c w_ca^4 sum_c w_cb^4)
    g    = (V_a + V_b)^2 / (V_a^2 / nu_a + V_b^2 / nu_b),   u = h_a + h_b - 2 h_ab
    degrees of freedom = (h_ab - 1) + (g - h_ab + 1) u / (u + 2 h_ab)

With equal numbers of clips in the clusters of a system, h_s is its number n_s of clusters, h_ab is n_ab, and this is
the paper's test: where all clusters are shared, the paired t-test of the means of clusters; where none is, Welch's.
Else the errors and degrees of freedom of Bell and McCaffrey (2002) take the place of the textbook's. In all cases no
clip is thrown away, and the difference tested is that of the two means shown.

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
from drasp_cli.statistics.influence import weigh_clusters

FAMILY_LEVEL: Final = 0.05
NO_SPREAD: Final = 1e-12
"""Of V_a + V_b: what rounding may leave of differences that are all equal."""
_BLOCK = 1 << 20  # numbers in a dense block of clusters x systems


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Every system against every other. All are (systems, systems) and symmetric but `difference`, which changes sign.

    Attributes:
        difference: mean of the row's system less that of the column's; NaN where one has no clip.
        error: standard error of the difference; NaN, as all below, where one has fewer than two clusters.
        freedom: degrees of freedom of `error`; on the diagonal, nu_s.
        p: chance of a difference this large, or larger, between equal systems.
        p_holm: `p` corrected for the number of pairs; a pair is separated where it is at most FAMILY_LEVEL.
        step_level: what `p` had to be at most, by Holm, for the pair to be separated.
        shared: how many clusters the two share; on the diagonal, how many a system has.
        variance: V_s on the diagonal, C_ab elsewhere.
        drawn: the same of the draws of `resampling`, which know of no correction.
    """

    difference: Floats
    error: Floats
    freedom: Floats
    p: Floats
    p_holm: Floats
    step_level: Floats
    shared: Floats
    variance: Floats
    drawn: Floats

    @property
    def separated(self) -> NDArray[np.bool_]:
        """Whether the two differ; False where that cannot be tested."""
        return self.p_holm <= FAMILY_LEVEL


def compare(cells: Cells) -> Comparison:
    """All pairs of systems."""
    influence = weigh_clusters(cells)
    shared = _products(cells, np.ones(len(cells.cluster)))
    variance = _products(cells, influence.corrected)
    kept = 1 / np.sqrt(1 + influence.concentration)
    drawn = _products(cells, influence.plain) * kept[:, None] * kept
    nu, means = influence.freedom, cells.means
    difference = means[:, None] - means[None, :]
    v = np.where(cells.sizes < 2, np.nan, np.diag(variance))
    both = v[:, None] + v[None, :]
    squared = both - 2 * np.where(np.eye(len(v), dtype=bool), np.nan, variance)
    has_spread = squared > NO_SPREAD * both
    error = np.sqrt(np.where(has_spread, squared, 0.0 * squared))
    with np.errstate(divide="ignore", invalid="ignore"):
        welch = both**2 / (v[:, None] ** 2 / nu[:, None] + v[None, :] ** 2 / nu[None, :])
        size = nu + 1
        common = _products(cells, influence.square) * np.sqrt(size[:, None] * size)
        alone = size[:, None] + size[None, :] - 2 * common
        freedom = (common - 1) + (welch - common + 1) * alone / (alone + 2 * common)
        np.fill_diagonal(freedom, nu)  # where a system has no spread, too
        p = np.where(has_spread, 2 * stdtr(freedom, -np.abs(difference) / error), _without_spread(difference, shared))
    p = np.where(np.isnan(squared), np.nan, p)
    p_holm, step_level = _holm(p)
    return Comparison(difference, error, freedom, p, p_holm, step_level, shared, variance, drawn)


def _products(cells: Cells, values: Floats) -> Floats:
    """(systems, systems) sums of the products of two systems' (cells,) `values` over the clusters that both have."""
    products: Floats = np.diag(np.bincount(cells.system, values**2, cells.systems)).astype(np.float64)
    # Clusters of one system alone have no products with others, and may be most of a million.
    several = np.bincount(cells.cluster, minlength=cells.clusters)[cells.cluster] > 1
    cluster, system, values = cells.cluster[several], cells.system[several], values[several]
    row = np.cumsum(np.diff(cluster, prepend=-1) > 0) - 1
    rows_at_once = max(1, _BLOCK // max(1, cells.systems))
    off_diagonal = ~np.eye(cells.systems, dtype=bool)
    for start in range(0, int(row[-1]) + 1 if len(row) else 0, rows_at_once):
        inside = slice(*np.searchsorted(row, (start, start + rows_at_once)))
        here = np.zeros((min(rows_at_once, int(row[-1]) + 1 - start), cells.systems))
        here[row[inside] - start, system[inside]] = values[inside]
        products += (here.T @ here) * off_diagonal
    return products


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
