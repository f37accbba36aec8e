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


def test_it_is_seeded() -> None:
    single = np.random.default_rng(2).normal(size=(30, 5)).tolist()
    assert split_halves(single) == split_halves(single)
    assert split_halves(single) != split_halves(single, seed=1)


def test_too_little_says_nothing() -> None:
    assert split_halves([[1.0], [2.0]]) == {}
    assert split_halves([[1.0, 2.0], [2.0]]) == {}
    assert split_halves([[1.0, 2.0], [2.0, 3.0]], ["A", "A"]) == {}
    assert split_halves([[1.0, 2.0], [2.0, 3.0]], ["A", ""]) == {}
