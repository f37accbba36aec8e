r"""What each cluster does to the mean of a system, and how many clusters that mean rests on.

A mean over clips weighs a cluster by its share of the clips, w_c = N_c / N, however little the tenth clip of a prompt
adds to the ninth. So a mean that rests on a few large clusters is off by more than its residuals show, as those
clusters pull the mean towards themselves, and its error is known less surely than the number of clusters says. Both
are what Bell and McCaffrey (Survey Methodology 28, 2002) correct in regressions on clustered samples; see Imbens and
Kolesar (Review of Economics and Statistics 98, 2016) for the two together, and Cameron, Gelbach and Miller (Review of
Economics and Statistics 90, 2008) for how wrong tests with few clusters go without. Here the regression has a
constant only, and the working model takes the means y_c of the clusters to vary alike, whatever their numbers of clips:

    S_j  = sum_c w_c^j
    r_c  = y_c - sum_k w_k y_k                              residual of a cluster
    m_ck = [c = k] - w_c - w_k + S_2                        covariance of r_c and r_k, over the variance of a y
    V    = sum_c w_c^2 r_c^2 / m_cc                         squared standard error of the mean ("CR2")
    nu   = S_2^2 / sum_ck (w_c w_k m_ck)^2 / (m_cc m_kk)    its degrees of freedom, by Satterthwaite

V is unbiased under this model. Where clips of a cluster have less in common, down to nothing, it is too large rather
than too small: for independent clips, its expectation over what it should be is sum_c w_c f(w_c), where
f(w) = (1 - w) / (1 - 2 w + S_2) is convex, and 1 at S_2, the mean of w by these weights. The model that takes clips to
be independent has no such side: it says too little of a large cluster. With equal numbers of clips, m_cc = 1 - 1/n, V
is the textbook's s^2 / n, and nu is n - 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drasp_cli.statistics.cells import Cells, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """What the cells do to the means of their systems.

    Attributes:
        plain: (cells,) w_c r_c, which sum to 0 in a system.
        corrected: (cells,) w_c r_c / sqrt(m_cc), whose squares sum to V; 0 in a system of one cluster.
        square: (cells,) w_c^2 / sqrt(S_4), whose squares sum to 1 in a system.
        concentration: (systems,) S_2, between 1 / n and 1.
        freedom: (systems,) nu, between 1 and n - 1; NaN with fewer than two clusters.
    """

    plain: Floats
    corrected: Floats
    square: Floats
    concentration: Floats
    freedom: Floats


def weigh_clusters(cells: Cells) -> Influence:
    """The influence of every cell."""
    system = cells.system

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(system, values, cells.systems), np.float64)

    clips = cells.clips[system]
    w, others = cells.count / clips, (clips - cells.count) / clips
    s_2, s_4 = total(w**2), total(w**4)
    m = others**2 + np.maximum(0.0, s_2[system] - w**2)  # 1 - 2 w + S_2, of which less is lost to rounding
    plain = cells.deviations / clips
    is_alone = others == 0
    m[is_alone] = 1.0
    corrected = np.where(is_alone, 0.0, plain / np.sqrt(m))

    # sum_ck over c != k, where m_ck = g_c + g_k. Of a system one cluster at most is above one half, where b may be
    # large beyond all measure: its products are summed by themselves, so that none is taken off again.
    b, g = w**2 / m, s_2[system] / 2 - w
    is_large = w > 0.5
    small = np.where(is_large, 0.0, b)
    b_0, b_1, b_2 = (total(small * g**power) for power in range(3))
    large_b, large_g = total(np.where(is_large, b, 0.0)), total(np.where(is_large, g, 0.0))
    between = 2 * (b_0 * b_2 + b_1**2) - total((2 * small * g) ** 2)
    between += 2 * total(large_b[system] * small * (large_g[system] + g) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(cells.sizes < 2, np.nan, s_2**2 / (s_4 + between))
    return Influence(plain, corrected, w**2 / np.sqrt(s_4[system]), s_2, freedom)
