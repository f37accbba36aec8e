"""The table of an evaluation: one row for each axis, level and metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from drasp_cli.evaluation.agreement import Evaluation
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


def evaluation_records(evaluations: Sequence[Evaluation], model: str) -> Iterator[Record]:
    """The rows under `EVALUATION_COLUMNS`; `note` says why a figure is missing.

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
                    found.undefined or "" if math.isnan(value) else "",
                    model,
                )
