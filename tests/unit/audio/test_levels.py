from __future__ import annotations

import numpy as np
import pytest

from drasp_cli.audio.levels import LevelMeter


def measure(*channels: list[float], block: int = 100) -> LevelMeter:
    samples = np.array(channels, dtype=np.float32).T.copy()
    meter = LevelMeter(len(channels))
    for start in range(0, len(samples), block):
        part = samples[start : start + block]
        meter.update(part, part.mean(axis=1))
    return meter


def test_peak_is_the_largest_magnitude_of_any_channel():
    assert measure([0.25, -0.5], [0.0, 0.125]).peak == 0.5


def test_energies_by_hand():
    meter = measure([1.0, 2.0], [1.0, -2.0])
    assert (meter.channel_energy, meter.mono_energy) == (10.0, 1.0)  # mono is 1, 0


@pytest.mark.parametrize(
    ("samples", "runs"),
    [
        ([0, 1, 1, 1, 1, 0], 1),
        ([1, 1, 1, 1], 1),
        ([0, 1, 1, 1, 0], 0),  # three are not enough
        ([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0], 1),  # one long run is one
        ([1, 1, 1, 1, -1, -1, -1, -1], 2),
        ([1, 1, 1, 1, 0, 1, 1, 1, 1], 2),
        ([0.97, 0.97, 0.97, 0.97, 1.0], 0),  # flat, but below full scale
        ([0.99, 0.991, 0.992, 0.993, 0.994], 0),  # loud, but not flat
    ],
)
@pytest.mark.parametrize("block", [1, 2, 3, 5, 100])
def test_flat_tops_are_counted_once_wherever_blocks_end(samples: list[float], runs: int, block: int):
    assert measure(samples, block=block).clipped_runs == runs


def test_flat_tops_of_all_channels_count():
    assert measure([1, 1, 1, 1, 0], [0, -1, -1, -1, -1]).clipped_runs == 2


def test_a_sine_at_full_scale_is_not_clipped():
    time = np.arange(44100) / 44100
    sine = np.round(32767 * np.sin(2 * np.pi * 30 * time)) / 32768
    assert measure(sine.tolist()).clipped_runs == 0
    assert measure(np.clip(1.5 * sine, -1, 32767 / 32768).tolist()).clipped_runs == 60
