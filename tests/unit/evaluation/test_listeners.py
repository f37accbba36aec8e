"""The listeners' own agreement, on listening tests whose noise is known."""

from __future__ import annotations

import numpy as np
import pytest

from drasp_cli.evaluation.listeners import split_halves


def test_halves_agree_as_their_noise_allows() -> None:
    """Clips of variance 1, ten ratings of noise variance 2 each: halves of five correlate by 1 / (1 + 2 / 5)."""
    random = np.random.default_rng(0)
    true = random.normal(3, 1, 4000)
    single = true[:, None] + random.normal(0, np.sqrt(2), (4000, 10))
    found = split_halves(single.tolist(), splits=5)
    assert found["LCC"] == pytest.approx(1 / 1.4, abs=0.02)
    assert found["MSE"] == pytest.approx(2 * 2 / 5, rel=0.05)
    assert 0 < found["KTAU"] < found["SRCC"] < 0.75


def test_systems_agree_better_than_clips() -> None:
    random = np.random.default_rng(1)
    systems = [f"S{i % 20}" for i in range(400)]
    single = (np.arange(400) % 20 / 5 + random.normal(0, 1, (4, 400))).T
    assert split_halves(single.tolist(), systems)["LCC"] > 0.95 > split_halves(single.tolist())["LCC"]


def test_ratings_that_agree_wholly() -> None:
    assert split_halves([[1, 1, 1], [2, 2], [3, 3, 3, 3]]) == pytest.approx({"MSE": 0, "LCC": 1, "SRCC": 1, "KTAU": 1})


def by_name(rated: np.ndarray) -> tuple[list[list[float]], list[list[str]]]:
    """(clips, listeners) ratings, NaN where there is none, as lists of each clip's ratings and of who gave them."""
    single = [row[~np.isnan(row)].tolist() for row in rated]
    return single, [[f"L{j}" for j in np.flatnonzero(~np.isnan(row))] for row in rated]


def test_two_listeners_of_different_level_agree_wholly() -> None:
    true = np.random.default_rng(3).normal(3, 1, 40)
    single, names = by_name(np.stack((true, true + 3), axis=1))
    halves = pytest.approx({"MSE": 9, "LCC": 1, "SRCC": 1, "KTAU": 1})
    assert split_halves(single, listeners=names) == halves
    assert split_halves(single)["SRCC"] < 0.2  # what dealing them clip by clip says
    assert split_halves(single, ["A", "B"] * 20, listeners=names) == halves


def test_halves_of_listeners_agree_as_the_noise_allows_whatever_their_levels() -> None:
    """Ten listeners of all clips, levels and noise of variance 1: 1 / (1 + 1 / 5), and the squares of the levels."""
    random = np.random.default_rng(4)
    level = random.normal(0, 1, 10)
    rated = random.normal(3, 1, (3000, 1)) + level + random.normal(0, 1, (3000, 10))
    single, names = by_name(rated)
    found = split_halves(single, listeners=names)
    assert found["LCC"] == pytest.approx(1 / 1.2, abs=0.01)
    assert found["MSE"] == pytest.approx(2 / 5 + 4 * level.var(ddof=1) / 10, rel=0.15)
    assert split_halves(single, splits=5)["LCC"] < 0.75


def test_listeners_who_heard_a_few_clips_each() -> None:
    """Five of fourteen for each clip, as in MusicEval: of k ratings, E[1 / k] is 0.469 where both halves have any."""
    random = np.random.default_rng(5)
    rated = random.normal(3, 1, (3000, 1)) + random.normal(0, 1, (3000, 14))
    rated[random.random((3000, 14)).argsort(1) >= 5] = np.nan
    single, names = by_name(rated)
    assert split_halves(single, listeners=names, splits=10)["LCC"] == pytest.approx(1 / 1.469, abs=0.02)
    systems = [f"S{i % 30}" for i in range(3000)]
    single = [[rating + i % 30 / 10 for rating in row] for i, row in enumerate(single)]
    assert split_halves(single, systems, listeners=names, splits=10)["LCC"] > 0.95


def test_panels_that_heard_different_clips() -> None:
    """Two of each panel: a split that has both of one panel on the same side keeps the other's clips, or none."""
    random = np.random.default_rng(6)
    rated = np.full((40, 4), np.nan)
    rated[:20, :2] = rated[20:, 2:] = random.normal(size=(20, 1))
    single, names = by_name(rated)
    assert split_halves(single, listeners=names) == pytest.approx({"MSE": 0, "LCC": 1, "SRCC": 1, "KTAU": 1})


def test_the_order_of_rows_and_names_does_not_matter_to_which_halves_there_are() -> None:
    rated = np.random.default_rng(7).normal(size=(20, 6))
    single, names = by_name(rated)
    turned = split_halves([row[::-1] for row in single], listeners=[row[::-1] for row in names])
    assert turned == pytest.approx(split_halves(single, listeners=names), rel=1e-12)


def test_listeners_who_share_too_little_say_nothing() -> None:
    single = [[1.0, 2.0], [2.0, 3.0]]
    assert split_halves(single, listeners=[["x", "x"], ["x", "y"]]) == {}
    assert split_halves(single, listeners=[["x", "y"], ["x", "z"]]) == {}  # one against one keeps one clip at most
    clips = 40  # of two listeners each who heard nothing else: about half of the clips are kept
    names = [[f"L{i}", f"L{i + clips}"] for i in range(clips)]
    assert split_halves([[i, i + 1.0] for i in range(clips)], listeners=names)["LCC"] > 0.9


def test_it_is_seeded() -> None:
    single = np.random.default_rng(2).normal(size=(30, 5)).tolist()
    assert split_halves(single) == split_halves(single)
    assert split_halves(single) != split_halves(single, seed=1)


def test_too_little_says_nothing() -> None:
    assert split_halves([[1.0], [2.0]]) == {}
    assert split_halves([[1.0, 2.0], [2.0]]) == {}
    assert split_halves([[1.0, 2.0], [2.0, 3.0]], ["A", "A"]) == {}
    assert split_halves([[1.0, 2.0], [2.0, 3.0]], ["A", ""]) == {}
