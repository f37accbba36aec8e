from __future__ import annotations

import pytest

from drasp_cli.models.average import WindowAverage


def test_a_short_last_window_counts_for_its_length_only() -> None:
    average = WindowAverage()
    for score, num_samples in ((4.0, 320000), (4.0, 320000), (1.0, 64000)):
        average.add(score, num_samples)
    assert average.mean == pytest.approx((4.0 * 20 + 1.0 * 2) / 22)
