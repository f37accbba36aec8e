"""The table of an evaluation: one row for each axis, level and metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from drasp_cli.evaluation.agreement import Agreement, Evaluation
from drasp_cli.tables.columns import Column, Kind, Record, rounded

EVALUATION_COLUMNS = (
    Column("axis", Kind.TEXT),
    Column("level", Kind.TEXT),
    Column("items", Kind.COUNT),
    Column("metric", Kind.TEXT),
    Column("value", Kind.SCORE),
    Column("low", Kind.SCORE),
    Column("high", Kind.SCORE),
    Column("listeners", Kind.SCORE),
    Column("note", Kind.TEXT),
    Column("model", Kind.TEXT),
)

FEW_ITEMS: Final = 10
"""Intervals of fewer items are not to be trusted: of three there are but ten different bootstrap samples, many of them
one item over and over, so that percentiles miss what other items would give, and may even be a single point."""
_FEW = f"an interval of fewer than {FEW_ITEMS} items is narrower than what is known; take it for a rough guide"


def evaluation_records(evaluations: Sequence[Evaluation], model: str) -> Iterator[Record]:
    """The rows under `EVALUATION_COLUMNS`; `note` says why a figure is missing, or its interval not to be trusted.

    Args:
        evaluations: one for each axis.
        model: what scored the clips.
    """
    for result in evaluations:
        for level, found in (("clip", result.clips), ("system", result.systems)):
            if found is None:
                continue
            intervals = found.intervals()
            for metric, value in found.figures.items():
                low, high = intervals[metric]
                yield (
                    *(result.axis, level, len(found.scores), metric, rounded(value), rounded(low), rounded(high)),
                    rounded(found.listeners.get(metric)),
                    note_on(found, value),
                    model,
                )


def note_on(found: Agreement, value: float) -> str:
    """Why a figure is missing, or its interval not to be trusted; empty where all is well."""
    if math.isnan(value):
        return found.undefined or ""
    return _FEW if len(found.scores) < FEW_ITEMS else ""
