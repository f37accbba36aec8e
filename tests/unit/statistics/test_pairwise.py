"""Tests of differences: scipy's where scipy has one, planted ties and gaps, and Holm by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from drasp_cli.statistics import pairwise
from drasp_cli.statistics.cells import gather_cells
from drasp_cli.statistics.pairwise import compare
from tests.unit.statistics.samples import COUNTS, LAWS, paired, uneven, unpaired

RANDOM = np.random.default_rng(0)
A, B = RANDOM.normal(3, 1, 14), RANDOM.normal(3.5, 2, 14)


def test_shared_prompts_give_the_paired_test() -> None:
    found = compare(paired(np.array([A, B])))
    expected = stats.ttest_rel(A, B)
    assert found.p[0, 1] == found.p[1, 0] == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.freedom[0, 1], found.shared[0, 1]) == (pytest.approx(13), 14)
    assert found.difference[0, 1] == -found.difference[1, 0] == pytest.approx(A.mean() - B.mean())


def test_no_shared_prompt_gives_welchs_test() -> None:
    cells = gather_cells(np.arange(23), np.repeat([0, 1], [14, 9]), np.concatenate([A, B[:9]]), 2)
    assert compare(cells).p[0, 1] == pytest.approx(stats.ttest_ind(A, B[:9], equal_var=False).pvalue, rel=1e-9)


def test_some_shared_prompts_give_the_test_of_derrick_et_al() -> None:
    """Five clips of each are paired; written out as in the paper, with r the correlation of the pairs."""
    cluster = np.concatenate([np.arange(14), np.arange(9, 23)])
    found = compare(gather_cells(cluster, np.repeat([0, 1], 14), np.concatenate([A, B]), 2))
    assert found.shared[0, 1] == 5
    v_a, v_b = A.var(ddof=1) / 14, B.var(ddof=1) / 14
    welch = (v_a + v_b) ** 2 / (v_a**2 / 13 + v_b**2 / 13)
    freedom = 4 + (welch - 5 + 1) / (9 + 9 + 10) * 18
    assert found.freedom[0, 1] == pytest.approx(freedom)
    # The paper's r s_a s_b has both spreads from all clips; ours is the same but for the centre, the means of all.
    common = ((A[9:] - A.mean()) * (B[:5] - B.mean())).sum() / 14**2 * 14 / 13
    assert found.error[0, 1] == pytest.approx(np.sqrt(v_a + v_b - 2 * common))


def test_several_clips_on_a_prompt_are_tested_as_the_mean_of_the_prompt() -> None:
    noise = RANDOM.normal(0, 0.1, 14)
    twice = np.concatenate([A + noise, A - noise])
    cluster = np.concatenate([np.tile(np.arange(14), 2), np.arange(14)])
    found = compare(gather_cells(cluster, np.repeat([0, 1], [28, 14]), np.concatenate([twice, B]), 2))
    assert found.p[0, 1] == pytest.approx(stats.ttest_rel(A, B).pvalue, rel=1e-9)


def test_blocks_of_clusters_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = paired(RANDOM.normal(3, 1, (4, 50)))
    whole = compare(cells)
    monkeypatch.setattr(pairwise, "_BLOCK", 12)
    assert np.allclose(compare(cells).p, whole.p, rtol=1e-9, equal_nan=True)


def test_holm_by_hand() -> None:
    p = np.full((4, 4), np.nan)
    p[0, 1:], p[1, 2:] = (0.01, 0.04, 0.03), (0.005, np.nan)
    corrected, level = pairwise._holm(p)
    # ascending: 0.005 * 4, 0.01 * 3, 0.03 * 2, then 0.04 which may not be below 0.06
    assert corrected[1, 2] == corrected[2, 1] == pytest.approx(0.02)
    assert corrected[0, 1:] == pytest.approx([0.03, 0.06, 0.06])
    assert level[0, 1:] == pytest.approx([0.05 / 3, 0.05, 0.025])
    assert np.isnan(corrected[1, 3])


def test_systems_with_one_clip_or_none_are_not_tested_and_cost_the_others_nothing() -> None:
    cluster, system = np.concatenate([np.arange(14), np.arange(14), [0]]), np.repeat([0, 1, 2], [14, 14, 1])
    found = compare(gather_cells(cluster, system, np.concatenate([A, B, [9.0]]), 4))
    assert np.isnan(found.p[2:]).all()
    assert not found.separated[2:].any()
    assert found.p_holm[0, 1] == found.p[0, 1]
    assert found.difference[2, 0] == pytest.approx(9 - A.mean())
    assert np.isnan(found.difference[3, 0])


def test_scores_without_spread_are_tested_by_permutation() -> None:
    for clips, p in ((2, 2 / 6), (4, 2 / 70)):
        found = compare(unpaired(np.array([[3.0] * clips, [4.0] * clips, [4.0] * clips])))
        assert found.p[1, 2] == 1.0
        assert found.p[0, 1] == pytest.approx(p)
    shifted = compare(paired(np.array([A, A + 0.5])))
    assert shifted.p[0, 1] == pytest.approx(2 / 2**14)
    assert compare(paired(np.array([A, A]))).p[0, 1] == 1.0


@pytest.mark.parametrize("design", [paired, unpaired])
@pytest.mark.parametrize("law", list(LAWS))
def test_equal_systems_are_rarely_separated(law, design) -> None:
    """In at most 5 % of 500 tests of six equal systems is any pair separated; 37 is 2.5 standard errors more."""
    draw, _ = LAWS[law]
    random = np.random.default_rng(11)
    false = sum(bool(compare(design(draw(random, (6, 10)))).separated.any()) for _ in range(500))
    assert false <= 37


@pytest.mark.parametrize("design", [paired, unpaired])
@pytest.mark.parametrize("clips", [3, 5])
def test_few_clips_with_light_tails_rarely_separate_equal_systems(clips, design) -> None:
    """Uniform scores are those that Student's law fits worst of the laws here, and the fewer the worse."""
    random = np.random.default_rng(17)
    scores = random.uniform(1, 5, (500, 6, clips))
    assert sum(bool(compare(design(part)).separated.any()) for part in scores) <= 37


@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("counts", list(COUNTS))
def test_equal_systems_are_rarely_separated_by_unequal_numbers_of_clips(counts, is_shared) -> None:
    """At most 5 % of 500 tests, as above: the test by the number of prompts separated 8 to 31 % of them."""
    random = np.random.default_rng(13)
    false = sum(
        bool(compare(uneven(random, COUNTS[counts], within=0.5, is_shared=is_shared)).separated.any())
        for _ in range(500)
    )
    assert false <= 37


def test_equal_systems_with_other_numbers_of_clips_each_are_rarely_separated() -> None:
    random = np.random.default_rng(14)
    false = sum(
        bool(compare(uneven(random, random.integers(1, 6, (6, 10)), within=0.5)).separated.any()) for _ in range(500)
    )
    assert false <= 37


def test_equal_numbers_of_clips_are_tested_by_the_means_of_prompts() -> None:
    """Three clips of each prompt, five prompts shared: as if there were one clip of each, its score their mean."""
    cluster, system = np.concatenate([np.arange(14), np.arange(9, 23)]), np.repeat([0, 1], 14)
    score = np.concatenate([A, B])
    once = compare(gather_cells(cluster, system, score, 2))
    thrice = np.concatenate([score - 0.3, score + 0.1, score + 0.2])
    often = compare(gather_cells(np.tile(cluster, 3), np.tile(system, 3), thrice, 2))
    assert often.freedom[0, 1] == pytest.approx(once.freedom[0, 1], rel=1e-9)
    assert often.p[0, 1] == pytest.approx(once.p[0, 1], rel=1e-9)


def test_the_difference_tested_is_that_of_the_means_over_clips() -> None:
    cluster, system = np.array([0, 0, 0, 1, 2, 0, 1, 2]), np.array([0, 0, 0, 0, 0, 1, 1, 1])
    found = compare(gather_cells(cluster, system, np.array([5.0, 4, 3, 1, 2, 1, 1, 4]), 2))
    assert found.difference[0, 1] == pytest.approx(3 - 2)


def test_unequal_numbers_of_clips_leave_fewer_degrees_of_freedom_paired_or_not() -> None:
    random = np.random.default_rng(15)
    for is_shared in (True, False):
        counts = [COUNTS[name] for name in ("3 on each of 10", "1 to 5 on each of 10", "10 on one, 1 on each of nine")]
        freedom = [
            compare(uneven(random, np.array(n), within=1, systems=2, is_shared=is_shared)).freedom[0, 1] for n in counts
        ]
        assert freedom[0] > freedom[1] > freedom[2] >= 1
        assert is_shared is False or freedom[0] == pytest.approx(9)


def test_planted_gaps_are_found_and_planted_ties_are_not() -> None:
    """Two systems are equal, and a third is 1.5 standard deviations better, 25 clips each."""
    random = np.random.default_rng(12)
    means = np.array([3.0, 3.0, 4.5])[:, None]
    right = 0
    for _ in range(200):
        separated = compare(unpaired(means + random.normal(0, 1, (3, 25)))).separated
        right += separated[2, :2].all() and not separated[0, 1]
    assert right >= 185
