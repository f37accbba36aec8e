"""Whether ratings and scores can be drawn on one scale, so that a line can say where the two are equal."""

from __future__ import annotations

from collections.abc import Sequence

_SQUASHED = 0.1  # of the whole: where either would keep less than this, each has a scale of its own


def share_a_scale(ratings: Sequence[float], scores: Sequence[float]) -> bool:
    """Whether neither of them would shrink to a line beside the other.

    >>> share_a_scale([1.0, 5.0], [2.0, 4.5]), share_a_scale([20.0, 99.0], [2.0, 4.5])
    (True, False)
    """
    ends = [(min(values), max(values)) for values in (ratings, scores)]
    whole = max(high for _, high in ends) - min(low for low, _ in ends)
    return all(high - low >= _SQUASHED * whole or low == high for low, high in ends)
