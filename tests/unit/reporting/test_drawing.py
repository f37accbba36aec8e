"""Where things stand in the drawings."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.explaining import Explanation, ScoredWindow, Segment, Span
from drasp_cli.reporting.clip_drawing import draw_sound
from drasp_cli.reporting.listening import Sound
from drasp_cli.reporting.ranking_drawing import (
    Scale,
    draw_distribution,
    draw_groups,
    draw_interval,
    letters_in_order,
    scale_of,
)

SCALE = Scale(1.0, 5.0, (2.0, 4.0))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_a_scale_holds_all_scores_and_a_few_round_ticks(scores: list[float]) -> None:
    scale = scale_of(scores)
    assert all(0.0 <= scale.place(score) <= 100.0 for score in scores)
    assert 1 <= len(scale.ticks) <= 8
    assert all(scale.low <= tick <= scale.high for tick in scale.ticks)


def test_an_interval_stands_where_it_is() -> None:
    drawn = draw_interval(3.0, (2.0, 4.0), SCALE)
    assert '<circle cx="50.00%"' in drawn
    assert '<line x1="25.00%" x2="75.00%"' in drawn
    assert "interval" not in draw_interval(3.0, None, SCALE)
    assert "circle" not in draw_interval(None, None, SCALE)


def test_few_clips_are_strokes_and_many_an_outline() -> None:
    drawn = draw_distribution([2.0, 4.0, 4.0], 3.5, SCALE)
    assert re.findall(r"M([0-9.]+) 7v16", drawn) == ["25.00", "75.00", "75.00"]
    many = draw_distribution([1.05] * 300 + [4.95] * 100, 2.0, SCALE)
    tops = [float(top) for top in re.findall(r"V([0-9.]+)h2\.5", many)]
    assert len(tops) == 40
    assert np.flatnonzero(np.array(tops) < 28).tolist() == [0, 39]
    assert (28 - tops[39]) / (28 - tops[0]) == pytest.approx(1 / 3, rel=1e-3)


def test_a_letter_has_its_column_in_every_row() -> None:
    assert letters_in_order(["a-df", "x-a1"]) == ("a", "b", "c", "d", "f", "x", "y", "z", "a1")
    of_all = letters_in_order(["a", "ab", "", "za1"])
    assert of_all == ("a", "b", "z", "a1")
    assert re.findall(r'rect x="(\d+)', draw_groups(("b", "a1"), of_all)) == ["15", "45"]
    many = [f"a{i}" for i in range(60)]
    width = re.search(r'width="([0-9.]+)" height="30" font', draw_groups(("a1",), many))
    assert width is not None
    assert float(width[1]) <= 165


def explanation(influences: list[float], weights: list[float | None]) -> Explanation:
    length = 1.0
    segments = tuple(
        Segment(1, Span(i * length, (i + 1) * length), (Span(i * length, (i + 1) * length),), weight, influence)
        for i, (weight, influence) in enumerate(zip(weights, influences, strict=True))
    )
    return Explanation("MI", 3.0, (ScoredWindow(Span(0.0, len(segments)), 3.0),), segments, None, ())


def test_curves_stand_under_the_sound() -> None:
    found = explanation([0.5, -0.25, 0.0, 0.0], [0.25, 0.5, 0.25, 0.0])
    drawn = draw_sound(Sound(b"", 0.0, 2.0, 4.0, ((2.0, 0.0),), found), "MI")
    assert 'x1="50.00%"' in drawn  # where the clip is heard again
    weights, raises, lowers = (
        re.search(rf'd="([^"]*)" class="{kind}"', drawn)[1]  # type: ignore[index]
        for kind in ("weight", "raises", "lowers")
    )
    assert weights == "M0 30V16H250V2H500V16H750V30H1000V30Z"
    assert raises == "M0 22V1H250V22H500V22H750V22H1000V22Z"
    assert lowers == "M0 22V22H250V32.5H500V22H750V22H1000V22Z"
    assert "influence on MI: raises it by up to 0.500, lowers it by up to 0.250" in drawn
    assert "the model hears it twice" in drawn
    assert 'data-again="2:0"' in drawn
    of_two_windows = draw_sound(Sound(b"", 0.0, 1.5, 2.5, ((1.5, 1.0), (2.0, 1.0)), found), "MI")
    assert "the model hears what is behind 1.0 s 3 times" in of_two_windows


def test_rounds_beyond_number_are_not_marked() -> None:
    """Ten samples in a window of ten seconds are heard 16,000 times, which is a megabyte of lines on each card."""
    again = tuple((10.0 * i / 16_000, 0.0) for i in range(1, 16_000))
    drawn = draw_sound(Sound(b"", 0.0, 10 / 16_000, 10.0, again, explanation([0.1] * 3, [0.1] * 3)), "MI")
    assert "the model hears it 16000 times" in drawn
    assert len(drawn) < 40_000


def test_a_pooling_without_weights_and_a_clip_of_many_segments() -> None:
    bare = draw_sound(Sound(b"", 0.0, 3.0, 3.0, (), explanation([0.1] * 3, [None] * 3)), "MI")
    assert 'class="weight"' not in bare
    assert 'class="raises"' in bare
    long = draw_sound(Sound(b"", 0.0, 5000.0, 5000.0, (), explanation([0.1] * 5000, [0.1] * 5000)), "MI")
    assert len(long) < 40_000
