from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.audio.windows import cut_windows
from drasp_cli.explaining import places
from drasp_cli.explaining.places import Place


def spans(place: Place, num_frames: int, run: int = 1, hop: float = 10.0) -> list[list[tuple[int, int]]]:
    return [[tuple(span) for span in segment.spans] for segment in place.segments(num_frames, run, hop)]


def test_doctests() -> None:
    assert doctest.testmod(places).failed == 0


def test_a_full_window_of_a_long_clip() -> None:
    assert spans(Place(200, 100, 100, "repeat"), 10, run=5) == [[(200, 250)], [(250, 300)]]


def test_the_drawing_of_the_module() -> None:
    """4.2 s in 10 s, in hundredths: two copies, the third segment across both, the last one half silence."""
    found = spans(Place(0, 420, 1000, "repeat"), 6, hop=1000 / 6)
    assert found == [[(0, 167)], [(167, 333)], [(0, 80), (333, 420)], [(80, 247)], [(247, 413)], [(413, 420)]]


def test_a_segment_longer_than_the_clip_hears_all_of_it() -> None:
    assert spans(Place(0, 30, 100, "repeat"), 2, hop=50.0) == [[(0, 30)], [(0, 30)]]


def test_silence_is_nowhere_in_the_clip() -> None:
    assert spans(Place(500, 40, 100, "zero"), 5, hop=20.0) == [[(500, 520)], [(520, 540)], [], [], []]


def test_the_last_segment_lasts_as_long_as_the_sound() -> None:
    """A tower whose frames end before the window does: 9 frames of 10 in 95 samples."""
    (place,) = [Place(0, 95, 100, "zero")]
    assert spans(place, 9, run=4) == [[(0, 40)], [(40, 80)], [(80, 95)]]
    assert [tuple(segment.heard) for segment in place.segments(9, 4, 10.0)] == [(0, 40), (40, 80), (80, 95)]


@pytest.mark.parametrize("fill", ["repeat", "zero"])
@given(length=st.integers(1, 60), window=st.integers(1, 40), frames=st.integers(1, 12), run=st.integers(1, 5))
def test_the_spans_name_the_very_samples_that_are_heard(
    fill: str, length: int, window: int, frames: int, run: int
) -> None:
    """A clip whose samples are their own numbers: what a segment hears are the numbers in its spans, or silence."""
    first = 0
    signal = np.arange(1, length + 1, dtype=np.float32)
    for cut in cut_windows([signal], window, fill):
        place = Place(first, cut.num_samples, window, fill)
        found = list(place.segments(frames, run, window / frames))
        for segment in found:
            heard = {int(number) for number in cut.samples[slice(*segment.heard)]} - {0}
            assert heard == {number + 1 for span in segment.spans for number in range(*span)}
            assert list(segment.spans) == sorted(segment.spans)
        assert [segment.heard.first for segment in found[1:]] == [segment.heard.last for segment in found[:-1]]
        first += cut.num_samples
    assert first == length
