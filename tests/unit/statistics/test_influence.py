"""Errors of means whose clusters have unequal numbers of clips: matrices written out, and planted variances."""

from __future__ import annotations

import numpy as np
import pytest

from drasp_cli.statistics.cells import Cells, gather_cells
from drasp_cli.statistics.influence import weigh_clusters
from tests.unit.statistics.samples import COUNTS, unpaired

UNEQUAL = [counts for counts in COUNTS.values() if len(set(counts)) > 1]


def one_system(counts: list[int], score: np.ndarray) -> Cells:
    """Clips of a cluster all have its (clusters,) `score`."""
    cluster = np.repeat(np.arange(len(counts)), counts)
    return gather_cells(cluster, np.zeros(len(cluster), int), score[cluster], 1)


def residual_maker(counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) shares of clips, and the (n, n) matrix that takes the means of clusters to residuals."""
    w = np.array(counts) / sum(counts)
    return w, np.eye(len(w)) - w


@pytest.mark.parametrize("counts", [*COUNTS.values(), [1, 1], [9, 1], [1, 2, 3], [1000, 1, 1, 2]])
def test_error_and_freedom_are_those_of_the_matrices(counts: list[int]) -> None:
    """V is a quadratic form of normal cluster means; Satterthwaite's freedom follows from its eigenvalues."""
    w, maker = residual_maker(counts)
    score = np.random.default_rng(0).normal(3, 1, len(counts))
    found = weigh_clusters(one_system(counts, score))
    covariance = maker @ maker.T
    form = maker.T @ np.diag(w**2 / np.diag(covariance)) @ maker
    assert (found.corrected**2).sum() == pytest.approx(score @ form @ score, rel=1e-6)
    values = np.linalg.eigvalsh(form)
    assert values.sum() == pytest.approx((w**2).sum(), rel=1e-6)  # unbiased where clusters vary alike
    assert found.freedom[0] == pytest.approx(values.sum() ** 2 / (values**2).sum(), rel=1e-6)


@pytest.mark.parametrize("counts", UNEQUAL)
@pytest.mark.parametrize("within", [0.3, 1, 10, 1000])
def test_the_error_is_never_too_small_where_clips_of_a_cluster_have_less_in_common(
    counts: list[int], within: float
) -> None:
    w, maker = residual_maker(counts)
    weights = w**2 / np.diag(maker @ maker.T)
    variance = 1 + within**2 / np.array(counts)
    expected = (weights * np.diag(maker @ np.diag(variance) @ maker.T)).sum()
    assert expected >= (w**2 * variance).sum()


@pytest.mark.parametrize("clips", [2, 3, 10, 1000])
def test_equal_numbers_of_clips_give_the_textbook(clips: int) -> None:
    scores = np.random.default_rng(clips).normal(3, 1, (3, clips))
    cells = unpaired(scores)
    found = weigh_clusters(cells)
    assert found.freedom == pytest.approx([clips - 1] * 3, rel=1e-12)
    variance = np.bincount(cells.system, found.corrected**2)
    assert variance == pytest.approx(scores.var(axis=1, ddof=1) / clips, rel=1e-12)
    assert found.concentration == pytest.approx([1 / clips] * 3)


def test_one_cluster_has_no_freedom_and_one_of_a_million_clips_leaves_one_degree() -> None:
    cells = gather_cells(np.arange(1), np.zeros(1, int), np.array([3.0]), 2)
    assert np.isnan(weigh_clusters(cells).freedom).all()
    assert weigh_clusters(cells).corrected.tolist() == [0.0]
    found = weigh_clusters(one_system([10**6, 1, 1], np.array([3.0, 4.0, 5.0])))
    assert found.freedom[0] == pytest.approx(1, abs=0.01)
    assert np.isfinite(found.corrected).all()
