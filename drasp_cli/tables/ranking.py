"""Systems ranked by what their clips average to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from drasp_cli.datatypes import ClipScore
from drasp_cli.errors import TableError
from drasp_cli.tables.columns import rounded
from drasp_cli.tables.systems import SystemTable, average_clips


def rank_systems(rows: Iterable[ClipScore], by: str | None = None) -> SystemTable:
    """The systems of `rows`, best first.

    Args:
        rows: scored clips, from `score_clips` or `read_score_tables`; they are not kept.
        by: the axis to sort by; None takes the first.

    Raises:
        TableError: there are no rows, no row names a system, or `by` is no axis of theirs.
    """
    return rank_table(average_clips(rows), by)


def rank_table(table: SystemTable, by: str | None = None) -> SystemTable:
    """`table` with a rank on every axis, best on `by` first and, among equals, by name; systems without a mean last.

    Raises:
        TableError: as `rank_systems`.
    """
    if not table.systems:
        raise TableError("the scores", "hold no rows, so there is no system to rank")
    if all(not row.system for row in table.systems):
        clips = sum(row.clips for row in table.systems)
        raise TableError("the scores", f"'system' is empty in all rows ({clips}), so there is nothing to rank")
    if not table.axes:
        raise TableError("the scores", "hold no axis to rank by")
    by = table.axes[0] if by is None else by
    if by not in table.axes:
        raise TableError("the scores", f"have no axis '{by}'; they have {axes_to_choose(by, table.axes)}")
    ranks = {axis: competition_ranks([row.means[axis] for row in table.systems]) for axis in table.axes}
    ranked = [
        replace(row, ranks={axis: ranks[axis][place] for axis in table.axes}) for place, row in enumerate(table.systems)
    ]
    ranked.sort(key=lambda row: (row.ranks[by] is None, row.ranks[by], row.system))
    return SystemTable(table.axes, tuple(ranked))


def axes_to_choose(wrong: str, axes: Sequence[str]) -> str:
    """The names of `axes`, for an error about one that is not among them, and which of them may have been meant.

    That is one that differs in case only, or says beside the axis which of several models scored it.

    >>> axes_to_choose("ta", ["MI", "TA"]), axes_to_choose("MI", ["MI@./a", "MI@./b"])
    ("MI, TA; did you mean 'TA'?", "MI@./a, MI@./b; did you mean 'MI@./a'?")
    """
    same = next(
        (axis for axis in axes if wrong.casefold() in (axis.casefold(), axis.partition("@")[0].casefold())), None
    )
    return ", ".join(axes) + (f"; did you mean '{same}'?" if same else "")


def competition_ranks(means: Sequence[float | None]) -> list[int | None]:
    """1 for the largest; means that files show as equal share a rank, and the ranks they use up are left out.

    >>> competition_ranks([3.5, 4.0, None, 3.5, 1.0])
    [2, 1, None, 2, 4]
    """
    shown = [rounded(mean) for mean in means]
    ordered = sorted((mean for mean in shown if mean is not None), reverse=True)
    first = {mean: place for place, mean in reversed(list(enumerate(ordered, start=1)))}
    return [None if mean is None else first[mean] for mean in shown]
