"""Systems ranked by what their clips average to, with what is known of how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from drasp_cli.datatypes import ClipScore
from drasp_cli.errors import TableError
from drasp_cli.tables.columns import rounded
from drasp_cli.tables.sample import ClipSample
from drasp_cli.tables.systems import SystemScore, SystemTable, average_clips

if TYPE_CHECKING:
    from drasp_cli.statistics.evidence import Evidence


def rank_systems(
    rows: Iterable[ClipScore],
    by: str | None = None,
    *,
    allow_mixed: bool = False,
    seed: int = 0,
    sample: ClipSample | None = None,
) -> SystemTable:
    """The systems of `rows`, best first, with intervals, ranks and groups on every axis.

    Of equal systems on `by` the first by name comes first, and systems without a mean come last. What the figures
    mean is in docs/ranking.md, and how they are computed in `drasp_cli.statistics`.

    Args:
        rows: scored clips, from `score_clips` or `read_score_tables`; of each, only its numbers are kept.
        by: the axis to sort by; None takes the first.
        allow_mixed: rank scores of several models, or revisions of one, side by side.
        seed: of the bootstrap.
        sample: an empty one, to have the numbers of the clips in afterwards.

    Raises:
        TableError: there are no rows, no row names a system, `by` is no axis of theirs, several models scored them, or
            a score is beyond 1e75.
    """
    sample = ClipSample() if sample is None else sample
    table = average_clips(sample.watch(rows))
    by = _check(table, by)
    if not allow_mixed:
        _refuse_mixed(table)
    from drasp_cli.statistics.evidence import weigh

    pairing, cluster = sample.pair()
    evidence = {axis: weigh(sample.cells(axis, cluster), seed=seed) for axis in table.axes}
    place = {name: number for number, name in enumerate(sample.systems)}
    ranks = {axis: competition_ranks([row.means[axis] for row in table.systems]) for axis in table.axes}
    ranked = [
        replace(
            row,
            ranks={axis: ranks[axis][number] for axis in table.axes},
            intervals={axis: _interval(evidence[axis], place[row.system]) for axis in table.axes},
            groups={axis: evidence[axis].groups[place[row.system]] for axis in table.axes},
        )
        for number, row in enumerate(table.systems)
    ]

    def order(row: SystemScore) -> tuple[bool, int, str]:
        rank = row.ranks[by]
        return rank is None, rank or 0, row.system

    return SystemTable(table.axes, tuple(sorted(ranked, key=order)), evidence, pairing)


def _interval(evidence: Evidence, place: int) -> tuple[float, float] | None:
    low, high = float(evidence.low[place]), float(evidence.high[place])
    return (low, high) if low == low else None


def _check(table: SystemTable, by: str | None) -> str:
    """The axis to sort by.

    Raises:
        TableError: there is nothing to rank, or nothing to rank by.
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
    return by


def _refuse_mixed(table: SystemTable) -> None:
    models = list(dict.fromkeys(model for row in table.systems for model in row.models))
    if len(models) > 1:
        raise TableError("the scores", f"are of {' and '.join(models)}; their means cannot be compared")


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
