"""Columns of the tables that drasp writes, and what their cells may hold."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

Cell = str | int | float | None
Record = Sequence[Cell]
"""One row: a cell for each column."""

DECIMALS = 6

# Python's csv refuses cells over 131,072 characters unless told otherwise, and a prompt may be longer. The limit is
# one for the whole process; this is the largest that every platform takes.
csv.field_size_limit(2**31 - 1)


class Kind(Enum):
    """What the cells of a column are."""

    TEXT = "text"
    SCORE = "score"
    """A number with DECIMALS digits behind the point."""
    TIME = "time"
    """A number as the user gave it, to the last digit."""
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: as it stands in the header.
        kind: what its cells are.
    """

    name: str
    kind: Kind


def rounded(score: float | None) -> float | None:
    """The score as files hold it: DECIMALS digits, never -0.0, and None for what is no finite number."""
    if score is None or not math.isfinite(score):
        return None
    return round(score, DECIMALS) + 0.0


def cell_text(cell: Cell, kind: Kind) -> str:
    """The cell as CSV holds it, before quoting. None is empty.

    >>> cell_text(3.5, Kind.SCORE), cell_text(3.5, Kind.TIME), cell_text(None, Kind.SCORE)
    ('3.500000', '3.5', '')
    """
    if cell is None:
        return ""
    if kind is Kind.SCORE:
        return f"{cell:.{DECIMALS}f}"
    if kind is Kind.TIME:
        return repr(float(cell))
    return str(cell)
