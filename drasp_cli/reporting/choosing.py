"""The clips of an axis that a reader should hear: the best and the worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drasp_cli.datatypes import ClipScore
from drasp_cli.tables.columns import rounded


@dataclass(frozen=True, slots=True)
class Choice:
    """Numbers of rows, on one axis.

    Attributes:
        axis: which.
        best: the highest score first.
        worst: the lowest score first.
    """

    axis: str
    best: tuple[int, ...]
    worst: tuple[int, ...]


def choose(rows: Sequence[ClipScore], axis: str, count: int) -> Choice:
    """The `count` best and the `count` worst clips of an axis; of equal ones, the first by row.

    Where there are too few clips for both, no clip is among both: of an odd one out, the best have it.
    """
    scores = [(rounded(row.scores.get(axis)), number) for number, row in enumerate(rows)]
    known = [(score, number) for score, number in scores if score is not None]
    rising = [number for _, number in sorted(known)]
    falling = [number for _, number in sorted(known, key=lambda pair: (-pair[0], pair[1]))]
    best = falling[: min(count, (len(known) + 1) // 2)]
    taken = set(best)
    worst = [number for number in rising if number not in taken][: min(count, len(known) // 2)]
    return Choice(axis, tuple(best), tuple(worst))
