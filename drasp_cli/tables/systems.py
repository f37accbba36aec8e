"""The system table: what the clips of each system average to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from drasp_cli.datatypes import ClipScore
from drasp_cli.tables.columns import DECIMALS, Column, Kind, Record, rounded
from drasp_cli.tables.score_table import MODEL_SEPARATOR, named_models

if TYPE_CHECKING:
    from drasp_cli.statistics.evidence import Evidence
    from drasp_cli.tables.sample import Pairing

_ONE = 10**DECIMALS


@dataclass(frozen=True, slots=True)
class SystemScore:
    """One row of a system table.

    Attributes:
        system: its name; empty for the clips that have none.
        clips: how many clips it has.
        failed: how many of them could not be scored.
        means: axis -> mean over the clips that have a score there; None where no clip has.
        scored: axis -> how many clips have one.
        ranks: axis -> 1 for the best; equal means share a rank, and None has no mean to rank. Empty before ranking.
        models: name and revision of what scored its clips, in order of first sight; rows that name none add none.
        intervals: axis -> (low, high), the 95 % interval of the mean; None where fewer than two clips, or prompts,
            are behind it. Empty before ranking.
        groups: axis -> letters; systems that share one are not separated. Empty text without a mean. Empty before
            ranking.
        ratings: axis -> mean rating by people; empty where nobody was asked.
    """

    system: str
    clips: int
    failed: int
    means: Mapping[str, float | None]
    scored: Mapping[str, int]
    ranks: Mapping[str, int | None] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    intervals: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    ratings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SystemTable:
    """Systems side by side.

    Attributes:
        axes: in the order of their columns.
        systems: the rows.
        evidence: axis -> what the ranking rests on, systems in code-point order of their names. Empty before ranking.
        pairing: what paired the clips of systems; None before ranking.
    """

    axes: tuple[str, ...]
    systems: tuple[SystemScore, ...]
    evidence: Mapping[str, Evidence] = field(default_factory=dict, compare=False, repr=False)
    pairing: Pairing | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Each model that scored a clip, by name and revision, in order of first sight."""
        return named_models(cell for row in self.systems for cell in row.models)


def average_clips(rows: Iterable[ClipScore], axes: Sequence[str] = ()) -> SystemTable:
    """The systems of `rows` in order of first appearance, each with its means.

    A mean is taken over the scores as files hold them, in whole millionths: it depends neither on the order of the
    clips nor on whether they come from the network or from a table.

    Args:
        rows: scored clips; they are not kept.
        axes: axes that are known beforehand, so that they have columns even if every clip failed.
    """
    known = dict.fromkeys(axes)
    sums: dict[str, _Sums] = {}
    for row in rows:
        known.update(dict.fromkeys(row.scores))
        sums.setdefault(row.clip.system, _Sums()).add(row)
    columns = tuple(known)
    return SystemTable(columns, tuple(total.system_score(name, columns) for name, total in sums.items()))


class _Sums:
    """What is kept of a system's clips."""

    __slots__ = ("clips", "failed", "millionths", "models", "scored")

    def __init__(self) -> None:
        self.clips = 0
        self.failed = 0
        self.millionths: dict[str, int] = {}
        self.scored: dict[str, int] = {}
        self.models: dict[str, None] = {}

    def add(self, row: ClipScore) -> None:
        self.clips += 1
        self.failed += bool(row.error)
        if row.model:
            self.models[row.model] = None
        for axis, score in row.scores.items():
            cell = rounded(score)
            if cell is not None:
                self.millionths[axis] = self.millionths.get(axis, 0) + round(cell * _ONE)
                self.scored[axis] = self.scored.get(axis, 0) + 1

    def system_score(self, name: str, axes: Sequence[str]) -> SystemScore:
        scored = {axis: self.scored.get(axis, 0) for axis in axes}
        # One division of integers, so that equal means are equal floats.
        means = {axis: self.millionths[axis] / (_ONE * n) if n else None for axis, n in scored.items()}
        return SystemScore(name, self.clips, self.failed, means, scored, models=tuple(self.models))


def system_columns(table: SystemTable) -> tuple[Column, ...]:
    """`system,clips,failed`, for each axis `<AXIS>`, once ranked its interval, rank and group, `<AXIS>_clips`; `model`.

    Those of ranking are `<AXIS>_low`, `<AXIS>_high`, `<AXIS>_rank` and `<AXIS>_group`. Behind the axis comes
    `<AXIS>_rating` where people rated it.
    """
    columns = [Column("system", Kind.TEXT), Column("clips", Kind.COUNT), Column("failed", Kind.COUNT)]
    for axis in table.axes:
        columns.append(Column(axis, Kind.SCORE))
        if _is_ranked(table):
            columns.append(Column(f"{axis}_low", Kind.SCORE))
            columns.append(Column(f"{axis}_high", Kind.SCORE))
            columns.append(Column(f"{axis}_rank", Kind.COUNT))
            columns.append(Column(f"{axis}_group", Kind.TEXT))
        columns.append(Column(f"{axis}_clips", Kind.COUNT))
        if is_rated(table, axis):
            columns.append(Column(f"{axis}_rating", Kind.SCORE))
    return (*columns, Column("model", Kind.TEXT))


def system_records(table: SystemTable) -> list[Record]:
    """The rows of `table` under `system_columns(table)`."""
    records: list[Record] = []
    for row in table.systems:
        record: list[str | int | float | None] = [row.system, row.clips, row.failed]
        for axis in table.axes:
            record.append(rounded(row.means[axis]))
            if _is_ranked(table):
                low, high = row.intervals[axis] or (None, None)
                record += [rounded(low), rounded(high), row.ranks[axis], row.groups[axis]]
            record.append(row.scored[axis])
            if is_rated(table, axis):
                record.append(rounded(row.ratings.get(axis)))
        record.append(MODEL_SEPARATOR.join(row.models))
        records.append(record)
    return records


def with_ratings(table: SystemTable, ratings: Mapping[str, Mapping[str, float]]) -> SystemTable:
    """The table with mean ratings by people.

    Args:
        table: any.
        ratings: axis -> system -> mean rating.
    """
    rows = (
        replace(row, ratings={axis: of[row.system] for axis, of in ratings.items() if row.system in of})
        for row in table.systems
    )
    return replace(table, systems=tuple(rows))


def is_rated(table: SystemTable, axis: str) -> bool:
    """Whether people rated a system of the table on this axis."""
    return any(axis in row.ratings for row in table.systems)


def _is_ranked(table: SystemTable) -> bool:
    return any(row.ranks for row in table.systems)
