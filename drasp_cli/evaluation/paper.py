"""Rows of the tables of the DRASP paper: Table I (MusicEval) and Table II (AES-Natural), both at system level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from drasp_cli.datasets import aes_natural, musiceval
from drasp_cli.errors import RatingsError
from drasp_cli.evaluation.agreement import Agreement, Evaluation
from drasp_cli.tables.columns import Column, Kind, Record, rounded

AVERAGE: Final = "Average"


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One row of one of the paper's tables.

    Attributes:
        table: "Table I" or "Table II".
        columns: `method`, then the figures.
        record: the cells.
    """

    table: str
    columns: tuple[Column, ...]
    record: Record


def paper_row(evaluations: Sequence[Evaluation], method: str) -> PaperRow:
    """The row of Table I for MI and TA, or that of Table II for PQ, PC, CE and CU.

    Table I has MSE, LCC, SRCC and KTAU of each axis and their averages, Table II SRCC alone and its average.

    Args:
        evaluations: one for each axis.
        method: what the row is called.

    Raises:
        RatingsError: the axes are not those of one of the tables, or an axis has no system level.
    """
    found = {result.axis: result for result in evaluations}
    for table, axes in (("Table I", musiceval.AXES), ("Table II", aes_natural.AXES)):
        if set(found) == set(axes):
            systems = {axis: _at_system_level(found[axis]).figures for axis in axes}
            metrics = list(next(iter(systems.values()))) if table == "Table I" else ["SRCC"]
            systems[AVERAGE] = {metric: fmean(systems[axis][metric] for axis in axes) for metric in metrics}
            names = [(axis, metric) for axis in (*axes, AVERAGE) for metric in metrics]
            heads = [f"{axis} {metric}" if table == "Table I" else axis for axis, metric in names]
            columns = (Column("method", Kind.TEXT), *(Column(head, Kind.SCORE) for head in heads))
            return PaperRow(table, columns, (method, *(rounded(systems[axis][metric]) for axis, metric in names)))
    tables = f"{' and '.join(musiceval.AXES)} (Table I), or {', '.join(aes_natural.AXES)} (Table II)"
    raise RatingsError("--layout paper", f"takes ratings of {tables}, and there are {', '.join(found)}")


def _at_system_level(result: Evaluation) -> Agreement:
    if result.systems is None:
        raise RatingsError("--layout paper", f"is about systems, and no clip rated on {result.axis} has one")
    return result.systems
