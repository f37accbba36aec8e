"""Curves over time in one line of text, for a terminal: `▁▃█▂`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"


def spread(pieces: Iterable[tuple[float, float, float | None]], length: float, width: int) -> list[float]:
    """The mean of a curve in each of `width` equal parts of 0 to `length`.

    Args:
        pieces: (start, end, value), in order and without overlap; None counts as 0, as does a gap.
        length: of the whole.
        width: parts.

    >>> spread([(0.0, 1.0, 4.0), (1.0, 4.0, 2.0)], 4.0, 2)
    [3.0, 2.0]
    """
    sums = [0.0] * width
    part = length / width
    for start, end, value in pieces:
        for place in range(int(start / part), min(math.ceil(end / part), width)):
            overlap = min(end, (place + 1) * part) - max(start, place * part)
            sums[place] += max(overlap, 0.0) * (value or 0.0)
    return [total / part for total in sums]


def blocks(values: Sequence[float], highest: float) -> str:
    """One character for each value, as high as its share of `highest`; what is above 0 is never blank.

    >>> blocks([0.0, 0.1, 4.0, 8.0], 8.0)
    ' ▁▄█'
    """
    return "".join(_BLOCKS[_height(value / highest) if highest > 0 else 0] for value in values)


def _height(share: float) -> int:
    if share <= 1e-9:
        return 0
    return min(max(round(share * 8), 1), 8)
