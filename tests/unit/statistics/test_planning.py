"""How many clips more: the tests with that many find the difference as often as is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from drasp_cli.statistics.cells import gather_cells
from drasp_cli.statistics.pairwise import compare
from drasp_cli.statistics.planning import POWER, more_clusters, no_difference
from tests.unit.statistics.samples import COUNTS, paired, uneven, unpaired


def exactly(values: np.ndarray, mean: float, deviation: float) -> np.ndarray:
    """The values moved and stretched to this mean and standard deviation."""
    return mean + deviation * stats.zscore(values, ddof=1)


@pytest.mark.parametrize(("clips", "gap"), [(8, 0.6), (30, 0.25)])
def test_so_many_pairs_more_have_the_power_that_is_said(clips: int, gap: float) -> None:
    random = np.random.default_rng(0)
    common = exactly(random.normal(size=clips), 3, 2)
    found = compare(paired(np.array([common, common + exactly(random.normal(size=clips), gap, 1)])))
    total = clips + int(more_clusters(found)[0, 1])
    seen = stats.ttest_1samp(random.normal(gap, 1, (4000, total)), 0, axis=1).pvalue <= 0.05
    assert np.mean(seen) == pytest.approx(POWER, abs=0.025)


@pytest.mark.parametrize("clips", [(10, 10), (10, 25)])
def test_so_many_clips_more_have_the_power_that_is_said(clips: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    scores = [exactly(random.normal(size=n), mean, sd) for n, mean, sd in zip(clips, (0, 0.7), (1, 1.5), strict=True)]
    found = compare(gather_cells(np.arange(sum(clips)), np.repeat([0, 1], clips), np.concatenate(scores), 2))
    needed = int(more_clusters(found)[0, 1])
    one, other = random.normal(0, 1, (4000, clips[0] + needed)), random.normal(0.7, 1.5, (4000, clips[1] + needed))
    seen = stats.ttest_ind(one, other, axis=1, equal_var=False).pvalue <= 0.05
    assert np.mean(seen) == pytest.approx(POWER, abs=0.03)


@pytest.mark.parametrize("counts", ["3 on each of 10", "1 to 5 on each of 10"])
def test_so_many_prompts_more_have_the_power_that_is_said_with_several_clips_on_each(counts: str) -> None:
    """Gap and spread are those that the pilot shows; the tests to come have prompts with clips as in the pilot."""
    random = np.random.default_rng(4)
    pilot = np.array(COUNTS[counts])
    found = None
    while found is None or not 0.2 < found.p[0, 1] < 0.25:
        found = compare(uneven(random, pilot, within=0.5, systems=2))
    needed = int(more_clusters(found)[0, 1])
    gap = abs(found.difference[0, 1])
    # What the clusters vary by, over the standard deviation of a difference in `uneven`, whose prompts vary alike.
    stretch = found.error[0, 1] / np.sqrt(2 * ((pilot / pilot.sum()) ** 2 * (1 + 0.25 / pilot)).sum())
    seen = 0
    for _ in range(600):
        cells = uneven(random, np.resize(pilot, len(pilot) + needed), within=0.5, systems=2)
        moved = cells.total + (gap / stretch) * cells.count * (cells.system == 1)
        seen += bool(compare(replace(cells, total=moved)).separated[0, 1])
    assert seen / 600 == pytest.approx(POWER, abs=0.06)


def test_it_asks_for_the_level_that_holm_does() -> None:
    """Of more pairs each has to be surer, so more clips are needed."""
    random = np.random.default_rng(2)
    near = np.array([exactly(random.normal(size=12), mean, 1) for mean in (0, 0.5)])
    far = np.array([exactly(random.normal(size=12), mean, 1) for mean in (0, 0.5, 0.1, 0.2)])
    assert more_clusters(compare(unpaired(far)))[0, 1] > more_clusters(compare(unpaired(near)))[0, 1]


def test_a_system_without_spread_is_planned_for_like_any_other() -> None:
    found = compare(paired(np.array([[3.0] * 6, [3.0, 3.4, 2.9, 3.3, 3.2, 2.8]])))
    assert more_clusters(found)[0, 1] > 1


def test_no_number_is_made_up() -> None:
    random = np.random.default_rng(3)
    scores = np.array([exactly(random.normal(size=12), mean, 1) for mean in (0, 0.01, 5)])
    found = compare(unpaired(scores))
    assert np.isnan(more_clusters(found)[0, 1])
    assert no_difference(found)[0, 1]
    assert np.isnan(more_clusters(found)[0, 2])  # separated
    assert not no_difference(found)[0, 2]
    alone = compare(gather_cells(np.arange(3), np.array([0, 1, 1]), np.array([1.0, 2.0, 3.0]), 2))
    assert np.isnan(more_clusters(alone)[0, 1])
    assert not no_difference(alone)[0, 1]
