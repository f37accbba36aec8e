from __future__ import annotations

import doctest

import numpy as np
import pytest

from drasp_cli.audio import windows
from drasp_cli.audio.windows import cut_windows


def cut(signal: list[float], window: int, fill: str) -> list[tuple[list[float], int]]:
    blocks = [np.array(signal, dtype=np.float32)]
    return [(window.samples.tolist(), window.num_samples) for window in cut_windows(blocks, window, fill)]


def test_doctests():
    assert doctest.testmod(windows).failed == 0


def test_consecutive_windows_the_last_one_filled_with_zeros():
    assert cut([1, 2, 3, 4, 5], 3, "zero") == [([1, 2, 3], 3), ([4, 5, 0], 2)]


def test_repeat_repeats_a_whole_number_of_times_and_then_fills_with_zeros():
    assert cut([1, 2, 3], 7, "repeat") == [([1, 2, 3, 1, 2, 3, 0], 3)]


def test_repeat_applies_to_the_tail_of_a_longer_signal():
    assert cut([1, 2, 3, 4, 5], 4, "repeat") == [([1, 2, 3, 4], 4), ([5, 5, 5, 5], 1)]


def test_more_than_half_a_window_is_not_repeated():
    # 5.1 s of 10 s, in tenths of a second
    (samples, real), *rest = cut([1.0] * 51, 100, "repeat")
    assert (samples, real, rest) == ([1.0] * 51 + [0.0] * 49, 51, [])


def test_exactly_half_a_window_is_repeated_once():
    assert cut([1, 2], 4, "repeat") == [([1, 2, 1, 2], 2)]


@pytest.mark.parametrize("fill", ["repeat", "zero"])
def test_a_full_last_window_is_left_alone(fill: str):
    assert cut([1, 2, 3, 4], 2, fill) == [([1, 2], 2), ([3, 4], 2)]


@pytest.mark.parametrize("fill", ["repeat", "zero"])
def test_no_samples_no_windows(fill: str):
    assert cut([], 4, fill) == []


def test_windows_do_not_share_memory():
    block = np.ones(6, dtype=np.float32)
    first, second = cut_windows([block], 3, "zero")
    first.samples[:] = 9
    block[:] = 8
    assert second.samples.tolist() == [1, 1, 1]


def test_unknown_fill_and_empty_window_are_refused_at_once():
    with pytest.raises(ValueError, match="repeat, zero, got 'mirror'"):
        cut_windows([], 4, "mirror")
    with pytest.raises(ValueError, match="got 0"):
        cut_windows([], 0, "zero")
