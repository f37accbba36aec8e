"""Cut a signal that comes in blocks into windows of one length, the last one filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from drasp_cli.datatypes import Window

FILLS = ("repeat", "zero")


def cut_windows(blocks: Iterable[np.ndarray], window_samples: int, fill: str) -> Iterator[Window]:
    """Consecutive windows without overlap; the last one is filled up to full length.

        signal   |----------------------- 24 s ------------------------|
        windows  |------- 10 s -------|------- 10 s -------|- 4 s -|4 s|0|   fill="repeat"

    A fill of `repeat` is LAION-CLAP's (`repeatpad`): the tail is repeated a whole number of times,
    floor(window / tail) in all, and zeros follow. A tail of more than half a window is therefore not repeated at all.

    Args:
        blocks: (any,) float32 each, together the signal. They are not kept.
        window_samples: length of a window.
        fill: `repeat` or `zero`.

    Yields:
        Windows that own their samples. Their `num_samples` sum to the length of the signal; none for an empty signal.

    Raises:
        ValueError: an unknown fill, or a window without samples.
    """
    if fill not in FILLS:
        raise ValueError(f"fill is one of {', '.join(FILLS)}, got {fill!r}")
    if window_samples < 1:
        raise ValueError(f"a window has at least one sample, got {window_samples}")
    return _cut(blocks, window_samples, fill)


def _cut(blocks: Iterable[np.ndarray], window_samples: int, fill: str) -> Iterator[Window]:
    samples = np.empty(window_samples, dtype=np.float32)
    filled = 0
    for block in blocks:
        done = 0
        while done < len(block):
            taken = min(len(block) - done, window_samples - filled)
            samples[filled : filled + taken] = block[done : done + taken]
            filled += taken
            done += taken
            if filled == window_samples:
                yield Window(samples, filled)
                samples = np.empty(window_samples, dtype=np.float32)
                filled = 0
    if filled:
        copies = window_samples // filled if fill == "repeat" else 1
        samples[filled : copies * filled] = np.tile(samples[:filled], copies - 1)
        samples[copies * filled :] = 0.0
        yield Window(samples, filled)
