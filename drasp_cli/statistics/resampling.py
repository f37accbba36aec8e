r"""The bootstrap of means: clusters weighted at random, many times over, as a matrix product.

Rubin's Bayesian bootstrap (The Annals of Statistics 9, 1981): draw b gives each cluster c a weight W_bc ~ Exp(1), and
the mean of system s becomes

    mean*_bs = sum_c W_bc T_cs / sum_c W_bc N_cs        T: sums of scores, N: numbers of clips

so that the normalised weights of any n clusters are Dirichlet(1, ..., 1). It is chosen over drawing clusters with
replacement (Efron's multinomial weights) for three reasons. It never leaves a sample with one distinct clip, so that
five clips are enough. The weights of a part of the clusters have the same law as the weights of all, so that one
matrix W serves systems with any number of clips and any gaps. And its skewness is twice that of Efron's, closer to
what a studentised bootstrap would give (see Hesterberg, "What Teachers Should Know About the Bootstrap", The American
Statistician 69, 2015, on why percentiles are too narrow and not skewed enough).

Given the clips, mean* varies by less than the standard error V of the mean says, and what a percentile interval knows
of Student's law is a normal quantile. Both are made good by one factor:

    [mean + k q_2.5, mean + k q_97.5],    k = t_nu / z sqrt((1 + S_2) V / sum_c e_c^2)

with q the quantiles of mean* - mean, e_c = (T_c - N_c mean) / N the influence of a cluster, and t and z the 97.5 %
quantiles of Student's law and of the normal. nu, S_2 and V are those of `influence`: where clusters have unequal
numbers of clips, k makes good for the pull of the large ones too, and for how few they are. Where all have as many,
sum_c e_c^2 / (1 + S_2) is the exact variance of mean*, nu = n - 1, and k = t_{n-1} / z sqrt((n + 1) / (n - 1)). For
normal scores this is Student's interval but for the noise of the draws; the skewness of the scores bends it.

Systems that share clusters share their weights, so that what moves both cancels in their difference. Systems that
share none take the same rows of W too, which saves drawing others; their draws are then shifted against each other,
draw b of one beside draw b + 1 of the next, so that they are independent as they should be.

The floor: C rows of B weights are drawn for each axis, C the largest number of clusters that systems tied by
shared clusters have, and multiplied with two columns a system: C B draws of Exp(1) and 4 C B S operations.
For 1 million clips, 50 systems and 2,000 draws, C = 20,000: 4e7 draws and 8e9 operations. W is drawn and used in
blocks that never leave the cache, so the bytes that are moved are those of the clips and of the (S, B) results, once
for each 256 clusters; memory is theirs too.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from drasp_cli.statistics.cells import Cells, Floats, Ints
from drasp_cli.statistics.influence import weigh_clusters

RESAMPLES: Final = 2000
LEVEL: Final = 0.95

_ROWS, _DRAWS = 256, 64  # of W at a time: 128 KiB of float64, which stays in the second-level cache
_MOST_CLUSTERS = 1 << 16
"""More clusters than this are put together at random: 65,536 say the variance within 0.3 %, and time is bounded."""


def draw_deviations(cells: Cells, tied: Ints, *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """(systems, resamples) of mean* - mean; NaN for a system without clips.

    Args:
        cells: the scores.
        tied: (systems,) a number from 0 for each set of systems that are tied by shared clusters, of `tied_systems`.
        resamples: number of draws.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    rows = _rows_of_weights(cells, tied, random)
    order = np.lexsort((cells.system, rows))
    rows, system = rows[order], cells.system[order]
    deviation, count = cells.deviations[order], cells.count[order]
    above, below = np.zeros((cells.systems, resamples)), np.zeros((cells.systems, resamples))
    end = int(rows[-1]) + 1 if len(rows) else 0
    for start in range(0, end, _ROWS):
        inside = slice(*np.searchsorted(rows, (start, start + _ROWS)))
        height = min(_ROWS, end - start)
        active, column = np.unique(system[inside], return_inverse=True)
        place = column * height + rows[inside] - start
        blocks = [
            np.bincount(place, values, len(active) * height).reshape(len(active), height)
            for values in (deviation[inside], count[inside])
        ]
        for first in range(0, resamples, _DRAWS):
            draws = slice(first, min(first + _DRAWS, resamples))
            weights = random.standard_exponential((height, draws.stop - draws.start))
            above[active, draws] += blocks[0] @ weights
            below[active, draws] += blocks[1] @ weights
    with np.errstate(invalid="ignore"):
        drawn = above / below
    for number in range(cells.systems):
        drawn[number] = np.roll(drawn[number], tied[number])
    return np.asarray(drawn, np.float64)


def tied_systems(shared: NDArray[np.floating]) -> Ints:
    """(systems,) the number of the set that each system is in: systems of a set are tied by shared clusters.

    Args:
        shared: (systems, systems) how many clusters two systems share.

    >>> tied_systems(np.array([[9, 1, 0], [1, 9, 0], [0, 0, 9]])).tolist()
    [0, 0, 1]
    """
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(shared > 0, directed=False)
    return labels.astype(np.int64)


def percentile_interval(deviations: Floats, scale: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """(low, high) around 0, each (items,), of (items, resamples) deviations that are stretched by (items,) `scale`."""
    tail = (1 - level) / 2
    low, high = np.quantile(deviations, [tail, 1 - tail], axis=-1)
    return scale * low, scale * high


def student_scale(cells: Cells, level: float = LEVEL) -> Floats:
    """(systems,) what the draws of a mean are to be stretched by, k above; NaN for fewer than two clusters."""
    influence = weigh_clusters(cells)
    error, drawn = (
        np.bincount(cells.system, part**2, cells.systems) for part in (influence.corrected, influence.plain)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        corrected = np.where(drawn > 0, error / drawn, 1.0)
        stretched: Floats = student_over_normal(influence.freedom, level) * np.sqrt(
            corrected * (1 + influence.concentration)
        )
    return stretched


def student_over_normal(freedom: Floats, level: float = LEVEL) -> Floats:
    """How much longer an interval of this level is by Student's law with `freedom` than by the normal one: t / z."""
    upper = (1 + level) / 2
    ratio: Floats = stdtrit(freedom, upper) / ndtri(upper)
    return ratio


def _rows_of_weights(cells: Cells, tied: Ints, random: np.random.Generator) -> Ints:
    """(cells,) the row of W that a cell is weighted by: clusters of tied systems are counted from 0."""
    if not len(cells.cluster):
        return cells.cluster
    is_first = np.diff(cells.cluster, prepend=-1) > 0
    set_of = tied[cells.system[is_first]]  # of each cluster, whose systems are all in one set
    order = np.argsort(set_of, kind="stable")
    sizes = np.bincount(set_of)
    starts = np.cumsum(sizes) - sizes
    row = np.empty(cells.clusters, np.int64)
    row[order] = np.arange(cells.clusters) - np.repeat(starts, sizes)
    for number in np.flatnonzero(sizes > _MOST_CLUSTERS):
        members = set_of == number
        # Dealt out at random, and not by contents: equal scores dealt out evenly would make all sums alike.
        row[members] = random.permutation(int(sizes[number])) % _MOST_CLUSTERS
    return row[cells.cluster]
