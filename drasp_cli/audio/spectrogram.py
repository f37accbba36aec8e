"""A spectrogram for the eye, of a signal of any length: its columns grow wider, never more than a fixed number."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

LOWEST = 50.0  # Hz; what is below is not drawn
_FRAME_SECONDS = 0.064  # at most
_FLOOR = 1e-13  # power: -130 dB


class Spectrogram:
    """Level over time and frequency of all samples pushed so far. Frequencies are spaced evenly on a log scale.

    Where there would be more than `max_columns`, neighbours are joined by the mean of their powers, two by two, so that
    memory does not grow with the length of the signal.

    Args:
        sample_rate: in Hz.
        bands: rows.
        max_columns: columns, at most.
    """

    def __init__(self, sample_rate: int, bands: int = 96, max_columns: int = 512) -> None:
        self.sample_rate = sample_rate
        self.frequencies = np.geomspace(LOWEST, sample_rate / 2, bands)
        self._frame = 1 << int(np.log2(_FRAME_SECONDS * sample_rate))  # samples
        self._hop = self._frame // 4
        self._weights = _bands(self.frequencies, sample_rate, self._frame)
        self._max_columns = max_columns
        self._tail = np.zeros(0, dtype=np.float32)
        self._columns: list[np.ndarray] = []
        self._frames_per_column = 1
        self._open: list[np.ndarray] = []  # frames of the column that is not complete
        self._pushed = 0

    @property
    def seconds(self) -> float:
        """Length of what was pushed."""
        return self._pushed / self.sample_rate

    @property
    def levels(self) -> np.ndarray:
        """(bands, columns) in dB of full scale, lowest frequency first; the columns divide `seconds` evenly."""
        columns = [*self._columns, *([np.mean(self._open, axis=0)] if self._open else [])]
        if not columns:  # shorter than one frame
            padded = np.pad(self._tail, (0, self._frame - len(self._tail)))
            columns = [self._powers(padded)[0]]
        levels: np.ndarray = 10 * np.log10(np.maximum(np.array(columns).T, _FLOOR))
        return levels

    def push(self, samples: np.ndarray) -> None:
        """Takes the next samples, (any,) float32, into account."""
        self._pushed += len(samples)
        joined = np.concatenate([self._tail, samples])
        frames = (len(joined) - self._frame) // self._hop + 1 if len(joined) >= self._frame else 0
        self._tail = joined[frames * self._hop :]
        if frames:
            for power in self._powers(joined[: (frames - 1) * self._hop + self._frame]):
                self._add(power)

    def _powers(self, samples: np.ndarray) -> np.ndarray:
        """(frames, bands); a full-scale sine has about power 1 in its band."""
        frames = sliding_window_view(samples, self._frame)[:: self._hop] * np.hanning(self._frame)
        spectrum = np.abs(np.fft.rfft(frames)) / (self._frame / 4)
        powers: np.ndarray = np.square(spectrum) @ self._weights.T
        return powers

    def _add(self, power: np.ndarray) -> None:
        self._open.append(power)
        if len(self._open) < self._frames_per_column:
            return
        self._columns.append(np.mean(self._open, axis=0))
        self._open = []
        if len(self._columns) >= self._max_columns:
            self._columns = [(a + b) / 2 for a, b in zip(self._columns[::2], self._columns[1::2], strict=True)]
            self._frames_per_column *= 2


def _bands(frequencies: np.ndarray, sample_rate: int, frame: int) -> np.ndarray:
    """Triangles of height 1 round each frequency, reaching as far as its neighbour or a bin, (bands, bins)."""
    bins = np.fft.rfftfreq(frame, 1 / sample_rate)
    widths = np.maximum(np.gradient(frequencies), bins[1])
    weights: np.ndarray = np.maximum(0.0, 1 - np.abs(bins - frequencies[:, None]) / widths[:, None])
    return weights
