from __future__ import annotations

import numpy as np
import pytest

from drasp_cli.audio.spectrogram import Spectrogram


def sine(hertz: float, seconds: float, rate: int = 8000) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("hertz", [100.0, 440.0, 3000.0])
def test_a_tone_is_loudest_where_it_is(hertz: float) -> None:
    picture = Spectrogram(8000)
    picture.push(sine(hertz, 2.0))
    rows = picture.levels.mean(axis=1)
    assert picture.frequencies[rows.argmax()] == pytest.approx(hertz, rel=0.08)
    assert rows.max() - np.median(rows) > 40


def test_time_goes_to_the_right() -> None:
    picture = Spectrogram(8000)
    picture.push(np.concatenate([np.zeros(8000, dtype=np.float32), sine(440.0, 1.0)]))
    columns = picture.levels.max(axis=0)
    middle = len(columns) // 2
    assert columns[: middle - 4].max() == -130.0
    assert columns[middle + 4 :].min() > -20.0


def test_how_the_signal_comes_does_not_matter() -> None:
    signal = np.random.default_rng(0).uniform(-1, 1, 20_000).astype(np.float32)
    whole, parts = Spectrogram(8000), Spectrogram(8000)
    whole.push(signal)
    for part in np.array_split(signal, 37):
        parts.push(part)
    np.testing.assert_allclose(parts.levels, whole.levels)
    assert parts.seconds == whole.seconds == 2.5


def test_columns_are_joined_and_never_too_many() -> None:
    """Joined columns have the mean power of what they are joined from."""
    narrow, wide = Spectrogram(8000, max_columns=10_000), Spectrogram(8000, max_columns=16)
    for picture in (narrow, wide):
        picture.push(np.random.default_rng(0).uniform(-1, 1, 80_000).astype(np.float32))
    assert wide.levels.shape[1] <= 16 < narrow.levels.shape[1]
    power = (10 ** (narrow.levels / 10)).mean()
    assert (10 ** (wide.levels[:, :-1] / 10)).mean() == pytest.approx(power, rel=0.03)


def test_a_signal_shorter_than_a_frame_has_one_column() -> None:
    picture = Spectrogram(8000)
    picture.push(sine(440.0, 0.01))
    assert picture.levels.shape == (96, 1)
