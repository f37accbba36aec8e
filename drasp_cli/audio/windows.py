"""Cut a signal that comes in blocks into windows of one length, the last one filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from drasp_cli.datatypes import Window

FILLS = ("repeat", "zero")


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """The windows that a predictor takes a clip in.

    Attributes:
        sample_rate: of the windows, in Hz.
        window_samples: length of a window at that rate.
        fill: how the last window is filled, `repeat` or `zero` (see `WindowCutter`).
    """

    sample_rate: int
    window_samples: int
    fill: str


def num_copies(window_samples: int, num_samples: int, fill: str) -> int:
    """How often a window holds the samples that it is filled from; behind the last copy are zeros.

    >>> num_copies(10, 4, "repeat"), num_copies(10, 6, "repeat"), num_copies(10, 4, "zero")
    (2, 1, 1)
    """
    return window_samples // num_samples if fill == "repeat" else 1


class WindowCutter:
    """Consecutive windows without overlap; the last one is filled up to full length.

        signal   |----------------------- 24 s ------------------------|
        windows  |------- 10 s -------|------- 10 s -------|- 4 s -|4 s|0|   fill="repeat"

    A fill of `repeat` is LAION-CLAP's (`repeatpad`): the tail is repeated a whole number of times,
    floor(window / tail) in all, and zeros follow. A tail of more than half a window is therefore not repeated at all.

    Args:
        window_samples: length of a window.
        fill: `repeat` or `zero`.

    Raises:
        ValueError: an unknown fill, or a window without samples.
    """

    def __init__(self, window_samples: int, fill: str) -> None:
        if fill not in FILLS:
            raise ValueError(f"fill is one of {', '.join(FILLS)}, got {fill!r}")
        if window_samples < 1:
            raise ValueError(f"a window has at least one sample, got {window_samples}")
        self._fill = fill
        self._samples = np.empty(window_samples, dtype=np.float32)
        self._filled = 0

    def push(self, block: np.ndarray) -> Iterator[Window]:
        """The windows that these samples complete, which own their samples. Take them all before the next call.

        Args:
            block: (any,) float32, the next samples of the signal. It is not kept.
        """
        done = 0
        while done < len(block):
            taken = min(len(block) - done, len(self._samples) - self._filled)
            self._samples[self._filled : self._filled + taken] = block[done : done + taken]
            self._filled += taken
            done += taken
            if self._filled == len(self._samples):
                yield self._handed_over()

    def flush(self) -> Iterator[Window]:
        """The last window, filled; none where the signal ended with one that was full, or was empty."""
        if self._filled:
            copies = num_copies(len(self._samples), self._filled, self._fill)
            self._samples[self._filled : copies * self._filled] = np.tile(self._samples[: self._filled], copies - 1)
            self._samples[copies * self._filled :] = 0.0
            yield self._handed_over()

    def _handed_over(self) -> Window:
        window = Window(self._samples, self._filled)
        self._samples = np.empty(len(window.samples), dtype=np.float32)
        self._filled = 0
        return window


def cut_windows(blocks: Iterable[np.ndarray], window_samples: int, fill: str) -> Iterator[Window]:
    """The windows of a whole signal (see `WindowCutter`).

    Args:
        blocks: (any,) float32 each, together the signal. They are not kept.
        window_samples: length of a window.
        fill: `repeat` or `zero`.

    Yields:
        Windows that own their samples. Their `num_samples` sum to the length of the signal; none for an empty signal.

    Raises:
        ValueError: an unknown fill, or a window without samples.
    """
    return _cut(blocks, WindowCutter(window_samples, fill))


def _cut(blocks: Iterable[np.ndarray], cutter: WindowCutter) -> Iterator[Window]:
    for block in blocks:
        yield from cutter.push(block)
    yield from cutter.flush()
