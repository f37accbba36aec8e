from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.cli import strip
from drasp_cli.cli.strip import blocks, spread


def test_doctests() -> None:
    assert doctest.testmod(strip).failed == 0


@given(values=st.lists(st.floats(-10, 10), min_size=1, max_size=30), width=st.integers(1, 40))
def test_the_mean_of_a_curve_is_kept(values: list[float], width: int) -> None:
    pieces = [(float(i), float(i + 1), value) for i, value in enumerate(values)]
    found = spread(pieces, len(values), width)
    assert sum(found) / width == pytest.approx(sum(values) / len(values), abs=1e-6)


def test_gaps_and_what_is_not_known_count_as_nothing() -> None:
    assert spread([(0.0, 1.0, 8.0), (2.0, 3.0, None)], 4.0, 4) == [8.0, 0.0, 0.0, 0.0]


def test_a_curve_of_nothing_is_blank() -> None:
    assert blocks([0.0, 0.0], 0.0) == "  "
