"""Scores of one axis as sums over (cluster, system), in an order that only the scores decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # of SplitMix64


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What the clips of each system scored in each cluster. A cell without a clip does not exist.

    Attributes:
        cluster: (cells,) in [0, clusters), ascending, and by system within a cluster.
        system: (cells,) in [0, systems).
        total: (cells,) sum of the scores.
        count: (cells,) number of clips, at least 1.
        clusters: how many there are.
        systems: how many there are; one without any clip is allowed.
    """

    cluster: Ints
    system: Ints
    total: Floats
    count: Floats
    clusters: int
    systems: int

    @property
    def clips(self) -> Floats:
        """(systems,) number of clips."""
        return np.asarray(np.bincount(self.system, self.count, self.systems), np.float64)

    @property
    def sizes(self) -> Ints:
        """(systems,) number of clusters that a system has clips in."""
        return np.bincount(self.system, minlength=self.systems)

    @property
    def means(self) -> Floats:
        """(systems,) mean over clips; NaN without any."""
        with np.errstate(invalid="ignore"):
            means: Floats = np.bincount(self.system, self.total, self.systems) / self.clips
        return means

    @property
    def deviations(self) -> Floats:
        """(cells,) total less what a system's mean would give it: total - count * mean. They sum to 0 in a system."""
        return self.total - self.count * self.means[self.system]


def gather_cells(cluster: Ints, system: Ints, score: Floats, systems: int) -> Cells:
    """Sums of `score`.

    Clips are summed from the smallest score to the largest, and clusters are numbered from the smallest sum to the
    largest, those of one sum by a digest of their contents. So neither the order of clips nor the names behind the
    numbers of clusters change any digit, and scores that differ in the last digit are drawn by the same weights.

    Args:
        cluster: (clips,) any numbers.
        system: (clips,) in [0, systems).
        score: (clips,) finite.
        systems: how many there are.
    """
    order = np.lexsort((score, system, cluster))
    cluster, system, score = cluster[order], system[order], score[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (cluster[1:] != cluster[:-1]) | (system[1:] != system[:-1])
    first = np.flatnonzero(is_first)
    total = np.add.reduceat(score, first) if len(first) else score
    count = np.diff(first, append=len(order)).astype(np.float64)
    cluster, system = cluster[first], system[first]

    begins = np.ones(len(cluster), bool)
    begins[1:] = cluster[1:] != cluster[:-1]
    number = np.cumsum(begins) - 1
    clusters = int(begins.sum())
    place = np.empty(clusters, np.int64)
    digest = np.zeros(clusters, np.uint64)
    np.add.at(digest, number, _digest(system, total, count))
    place[np.lexsort((digest, np.bincount(number, total, clusters)))] = np.arange(clusters)
    number = place[number]
    order = np.lexsort((system, number))
    return Cells(number[order], system[order], total[order], count[order], clusters, systems)


def _digest(system: Ints, total: Floats, count: Floats) -> NDArray[np.uint64]:
    """(cells,) well-mixed 64 bits that only a cell's contents decide (the finalizer of SplitMix64, Steele 2014)."""
    bits = (total + 0.0).view(np.uint64)
    for word in (count.view(np.uint64), system.astype(np.uint64)):
        bits = _mixed(bits) ^ word
    return _mixed(bits)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
    return bits ^ (bits >> np.uint64(31))
