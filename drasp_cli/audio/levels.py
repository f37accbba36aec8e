"""Watch the level of a signal as it is decoded: loudest sample, flat tops, energy per channel and in mono."""

from __future__ import annotations

import numpy as np

FULL_SCALE = 0.98  # 8-bit PCM ends at 0.992 and u-law at 0.980
FLAT_TOP = 4  # equal samples in a row; a sine that just reaches 16-bit full scale has fewer above 20 Hz


class LevelMeter:
    """Levels of all blocks seen so far; how the signal is cut into blocks does not matter.

    Attributes:
        peak: largest magnitude in any channel; 1 is full scale.
        clipped_runs: flat tops, counted over all channels. A flat top is FLAT_TOP or more equal samples in a row, at
            FULL_SCALE or beyond.
        channel_energy: sum of squares, summed over the channels.
        mono_energy: sum of squares of the mean over channels.
    """

    def __init__(self, channels: int) -> None:
        self.peak = 0.0
        self.clipped_runs = 0
        self.channel_energy = 0.0
        self.mono_energy = 0.0
        self._last = np.full((FLAT_TOP, channels), np.nan, dtype=np.float32)  # equal to nothing

    def update(self, block: np.ndarray, mono: np.ndarray) -> None:
        """Take the next block into account.

        Args:
            block: (num_samples, channels) float32, finite, at least one sample.
            mono: (num_samples,) float32, its mean over channels.
        """
        peak = max(float(block.max()), -float(block.min()))
        if peak >= FULL_SCALE:
            self.clipped_runs += _count_flat_tops(np.concatenate([self._last, block]))
        self._last = np.concatenate([self._last, block[-FLAT_TOP:]])[-FLAT_TOP:]
        self.peak = max(self.peak, peak)
        flat = block.reshape(-1)
        self.channel_energy += float(np.dot(flat, flat))
        self.mono_energy += float(np.dot(mono, mono))


def _count_flat_tops(joined: np.ndarray) -> int:
    """Flat tops that reach their FLAT_TOP-th sample behind the first FLAT_TOP samples of `joined`.

    Args:
        joined: (FLAT_TOP + num_samples, channels); the first FLAT_TOP samples were seen before.
    """
    same = (joined[1:] == joined[:-1]) & (np.abs(joined[1:]) >= FULL_SCALE)
    # a run is counted once, where it becomes long enough: three repeats in a row that follow on none
    return int(np.count_nonzero(same[3:] & same[2:-1] & same[1:-2] & ~same[:-3]))
