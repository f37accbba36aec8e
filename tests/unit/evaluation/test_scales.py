from __future__ import annotations

import doctest

import pytest

from drasp_cli.evaluation import scales
from drasp_cli.evaluation.scales import share_a_scale


def test_doctests() -> None:
    assert doctest.testmod(scales).failed == 0


@pytest.mark.parametrize(
    ("ratings", "scores", "shared"),
    [
        ([1.0, 5.0], [3.0, 3.0], True),  # one value would be a line on any scale
        ([1.0, 5.0], [3.0, 3.1], False),
        ([1.0, 5.0], [3.0, 3.5], True),
        ([0.0, 100.0], [1.0, 5.0], False),
        ([2.0], [2.0], True),
    ],
)
def test_neither_may_shrink_to_a_line(ratings: list[float], scores: list[float], shared: bool) -> None:
    assert share_a_scale(ratings, scores) is shared
    assert share_a_scale(scores, ratings) is shared
