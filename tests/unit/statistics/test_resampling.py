"""Intervals of means: coverage on planted means, and that the draws are what they are said to be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from drasp_cli.statistics import resampling
from drasp_cli.statistics.cells import gather_cells
from drasp_cli.statistics.evidence import weigh
from drasp_cli.statistics.resampling import draw_deviations, percentile_interval, student_scale
from tests.unit.statistics.samples import COUNTS, LAWS, paired, uneven, unpaired

TESTS = 500


@pytest.mark.parametrize("law", [name for name in LAWS if not name.startswith("very")])
@pytest.mark.parametrize("clips", [5, 10, 30])
def test_intervals_cover_the_planted_mean(law: str, clips: int) -> None:
    """95 % of 500 would be 475, and 458 is 3.5 binomial standard errors less.

    Five clips rated on five points have few different means, and the intervals of many of them end right at the
    planted one: docs/ranking.md has the figure.
    """
    draw, mean = LAWS[law]
    scores = draw(np.random.default_rng(clips), (TESTS, clips))
    cells = unpaired(scores)
    deviations = draw_deviations(cells, np.arange(TESTS), resamples=1000)
    low, high = (cells.means + end for end in percentile_interval(deviations, student_scale(cells)))
    covered = int(((low <= mean) & (mean <= high)).sum())
    assert (430 if (law, clips) == ("five points", 5) else 458) <= covered <= 492
    assert np.median(high - low) < 1.1 * np.median(2 * stats.t.ppf(0.975, clips - 1) * stats.sem(scores, axis=1))


def test_intervals_of_paired_differences_cover_the_planted_difference() -> None:
    """Prompts move all systems together, four times as much as anything else does."""
    random = np.random.default_rng(0)
    covered, widths = 0, []
    for _ in range(TESTS // 5):
        scores = random.normal(0, 2, 12) + random.normal(0, 0.5, (6, 12)) + 0.1 * np.arange(6)[:, None]
        low, high = weigh(paired(scores)).difference_intervals(5, range(5))
        covered += int(((low <= 0.1 * (5 - np.arange(5))) & (0.1 * (5 - np.arange(5)) <= high)).sum())
        widths.append((high - low).mean())
    assert 0.92 <= covered / TESTS <= 0.98
    assert np.mean(widths) == pytest.approx(2 * stats.t.ppf(0.975, 11) * 0.5 * np.sqrt(2 / 12), rel=0.05)


@pytest.mark.parametrize("counts", list(COUNTS))
def test_intervals_cover_where_prompts_have_unequal_numbers_of_clips(counts: str) -> None:
    """Those of 480 means and 400 differences; few large prompts make them wide rather than wrong."""
    random = np.random.default_rng(16)
    means, differences = [], []
    for _ in range(80):
        evidence = weigh(uneven(random, COUNTS[counts], within=0.5))
        means.append((evidence.low <= 0) & (evidence.high >= 0))
        low, high = evidence.difference_intervals(0, range(1, 6))
        differences.append((low <= 0) & (high >= 0))
    assert np.mean(means) >= 0.92
    assert np.mean(differences) >= 0.92
    if counts in ("3 on each of 10", "1 to 5 on each of 10"):
        assert max(np.mean(means), np.mean(differences)) <= 0.98


def test_a_difference_whose_plain_influences_cancel_has_the_interval_of_its_test() -> None:
    """Three clips of each, two of them on one prompt and one on the other, the other way round in the other system."""
    cluster, system = np.array([0, 1, 1, 0, 0, 1]), np.array([0, 0, 0, 1, 1, 1])
    evidence = weigh(gather_cells(cluster, system, np.array([3.0, 1, 1, 4, 4, 2]), 2))
    (low,), (high,) = evidence.difference_intervals(1, [0])
    test = evidence.comparison
    width = stats.t.ppf(0.975, test.freedom[0, 1]) * test.error[0, 1]
    assert test.error[0, 1] > 0
    assert (low, high) == pytest.approx((test.difference[1, 0] - width, test.difference[1, 0] + width))


def test_many_clips_give_the_normal_interval() -> None:
    scores = np.random.default_rng(1).normal(3, 1, (3, 4000))
    evidence = weigh(unpaired(scores))
    assert (evidence.high - evidence.low) / 2 == pytest.approx(1.96 * stats.sem(scores, axis=1), rel=0.05)


def test_clips_of_one_prompt_count_as_one() -> None:
    """Ten copies of every clip say no more than the clips do."""
    scores = np.random.default_rng(2).normal(3, 1, 12)
    once = weigh(gather_cells(np.arange(12), np.zeros(12, int), scores, 1))
    often = weigh(gather_cells(np.tile(np.arange(12), 10), np.zeros(120, int), np.tile(scores, 10), 1))
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=0.1)  # other draws: the order differs


def test_draws_of_systems_that_share_prompts_move_together_and_others_do_not() -> None:
    random = np.random.default_rng(3)
    prompts = random.normal(0, 3, 50)
    scores = prompts + random.normal(0, 0.3, (2, 50))
    assert np.corrcoef(weigh(paired(scores)).deviations)[0, 1] > 0.98
    assert abs(np.corrcoef(weigh(unpaired(scores)).deviations)[0, 1]) < 0.07  # three standard errors of 2,000 draws


def test_draws_are_seeded() -> None:
    cells = paired(np.random.default_rng(4).normal(3, 1, (4, 300)))
    tied = np.zeros(4, int)
    one, same = draw_deviations(cells, tied, seed=1), draw_deviations(cells, tied, seed=1)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, draw_deviations(cells, tied, seed=2))


@pytest.mark.parametrize(("rows", "draws"), [(7, 64), (1000, 2000), (256, 33)])
def test_the_size_of_blocks_does_not_matter(rows: int, draws: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other blocks draw other weights, of the same law."""
    cells = paired(np.random.default_rng(4).normal(3, 1, (4, 300)))
    monkeypatch.setattr(resampling, "_ROWS", rows)
    monkeypatch.setattr(resampling, "_DRAWS", draws)
    assert draw_deviations(cells, np.zeros(4, int)).std(axis=1) == pytest.approx(1 / np.sqrt(300), rel=0.12)


def test_more_clusters_than_are_weighted_are_put_together_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal scores stand together in the order of the clusters; dealt out evenly, they would hide all spread."""
    monkeypatch.setattr(resampling, "_MOST_CLUSTERS", 500)
    scores = np.random.default_rng(6).choice([1.0, 2.0, 5.0], (2, 5000))
    evidence = weigh(unpaired(scores))
    assert (evidence.high - evidence.low) / 2 == pytest.approx(1.96 * stats.sem(scores, axis=1), rel=0.1)


def test_one_cluster_has_no_interval_and_equal_scores_have_an_empty_one() -> None:
    evidence = weigh(gather_cells(np.arange(4), np.array([0, 1, 1, 1]), np.array([3.0, 2.0, 2.0, 2.0]), 2))
    assert np.isnan(evidence.low[0])
    assert (evidence.low[1], evidence.high[1]) == (2.0, 2.0)
