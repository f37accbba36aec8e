"""Sums over clusters and systems, on numbers to be checked by hand."""

from __future__ import annotations

import numpy as np

from drasp_cli.statistics.cells import gather_cells
from drasp_cli.statistics.evidence import weigh


def test_planted_sums():
    cells = gather_cells(np.array([7, 7, 9, 7]), np.array([0, 1, 1, 0]), np.array([1.0, 2.0, 4.0, 2.5]), 3)
    found = {(s, total, count) for s, total, count in zip(cells.system, cells.total, cells.count, strict=True)}
    assert found == {(0, 3.5, 2), (1, 2.0, 1), (1, 4.0, 1)}
    assert (cells.clusters, cells.systems) == (2, 3)
    assert cells.clips.tolist() == [2, 2, 0]
    assert cells.sizes.tolist() == [1, 2, 0]
    assert cells.means[:2].tolist() == [1.75, 3.0]
    assert np.isnan(cells.means[2])
    shared = cells.cluster[cells.system == 0][0]
    assert cells.total[(cells.cluster == shared) & (cells.system == 1)] == 2.0


def test_no_clips():
    cells = gather_cells(np.empty(0, int), np.empty(0, int), np.empty(0), 2)
    assert (cells.clusters, cells.sizes.tolist()) == (0, [0, 0])
    evidence = weigh(cells)
    assert np.isnan(evidence.low).all()
    assert evidence.groups == ("", "")


def test_the_last_digit_of_a_score_moves_an_interval_by_as_little():
    """Machines whose rounding differs are to print the same intervals."""
    score = np.random.default_rng(7).normal(3, 1, 40)
    cluster, system = np.tile(np.arange(10), 4), np.repeat(np.arange(4), 10)
    one = weigh(gather_cells(cluster, system, score, 4))
    other = weigh(gather_cells(cluster, system, score + np.resize([1e-6, -1e-6, 0], 40), 4))
    assert np.abs(one.low - other.low).max() < 1e-5


def test_neither_order_nor_numbers_of_clusters_change_a_digit():
    random = np.random.default_rng(5)
    cluster, system = random.integers(0, 40, 300), random.integers(0, 4, 300)
    score = random.normal(3, 1, 300).round(6)
    order, names = random.permutation(300), random.permutation(1000)[:40]
    one, other = (
        weigh(cells)
        for cells in (
            gather_cells(cluster, system, score, 4),
            gather_cells(names[cluster][order], system[order], score[order], 4),
        )
    )
    assert np.array_equal(one.deviations, other.deviations)
    assert np.array_equal(one.low, other.low)
    assert np.array_equal(one.comparison.p, other.comparison.p, equal_nan=True)
    assert one.groups == other.groups
