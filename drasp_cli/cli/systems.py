"""Systems drawn for a person: one table where it fits the terminal, else one for each axis, and how to read it."""

from __future__ import annotations

from collections.abc import Sequence

from drasp_cli.cli.drawing import DrawnColumn, Fit, draw, fits, write_below
from drasp_cli.tables.pairs import NO_DIFFERENCE, SystemPair, how_many_more, system_pairs
from drasp_cli.tables.systems import SystemScore, SystemTable, is_rated

_READING = "low, high: 95 % interval of the mean. Systems that share a letter of their groups are not separated"
_MOST_LINES = 5  # of pairs, for each axis
_NO_NAME = "(none)"


def draw_systems(table: SystemTable) -> None:
    """The systems on standard output, in the order of the table."""
    which, by_axis = _which(table.systems), [_axis_columns(table, axis) for axis in table.axes]
    whole = [*which, *(column for columns in by_axis for column in columns)]
    if len(table.axes) < 2 or fits(whole):
        draw(whole)
        return
    for columns in by_axis:
        draw([*which, *columns])


def reading_notes(table: SystemTable) -> list[str]:
    """How to read a ranked table, and which neighbours of it are not separated; nothing of one without ranks."""
    if not table.evidence:
        return []
    pairs = [line for axis in table.axes for line in _open_pairs(table, axis)]
    return [_READING, *pairs]


def draw_pairs(table: SystemTable) -> None:
    """The pairs of systems on standard output, a table for each axis."""
    for axis in table.axes:
        pairs = list(system_pairs(table, axis))
        if not pairs:
            write_below([f"{axis}: fewer than two systems have a score"])
            continue
        verdicts = [_verdict(pair) for pair in pairs]
        columns = [
            _numbers("axis", [axis for _ in pairs]),
            DrawnColumn("system", [pair.system or _NO_NAME for pair in pairs], Fit.NAME),
            DrawnColumn("other", [pair.other or _NO_NAME for pair in pairs], Fit.NAME),
            _numbers("difference", [_two(pair.difference) for pair in pairs]),
            _numbers("low", [_two(pair.low) for pair in pairs]),
            _numbers("high", [_two(pair.high) for pair in pairs]),
            _numbers("p (Holm)", [_chance(pair.p_holm) for pair in pairs]),
            DrawnColumn("separated", verdicts, Fit.WORDS),
        ]
        draw(columns)


def _which(systems: Sequence[SystemScore]) -> list[DrawnColumn]:
    columns = [
        DrawnColumn("system", [row.system or _NO_NAME for row in systems], Fit.NAME),
        _numbers("clips", [str(row.clips) for row in systems]),
    ]
    if any(row.failed for row in systems):
        columns.append(_numbers("failed", [str(row.failed or "") for row in systems]))
    return columns


def _axis_columns(table: SystemTable, axis: str) -> list[DrawnColumn]:
    systems = table.systems
    columns = [_numbers(axis, [_two(row.means[axis]) for row in systems])]
    if any(row.ranks for row in systems):
        intervals = [row.intervals[axis] or (None, None) for row in systems]
        columns += [
            _numbers("low", [_two(low) for low, _ in intervals]),
            _numbers("high", [_two(high) for _, high in intervals]),
            _numbers("rank", ["" if row.ranks[axis] is None else str(row.ranks[axis]) for row in systems]),
            DrawnColumn("group", [row.groups[axis] for row in systems], Fit.WORDS),
        ]
    if any(row.scored[axis] != row.clips for row in systems):
        columns.append(_numbers(f"{axis} clips", [str(row.scored[axis]) for row in systems]))
    if is_rated(table, axis):
        columns.append(_numbers("rated", [_two(row.ratings.get(axis)) for row in systems]))
    return columns


def _open_pairs(table: SystemTable, axis: str) -> list[str]:
    """A line for each two neighbours by mean that are not separated."""
    pairs = [pair for pair in system_pairs(table, axis, neighbours_only=True) if pair.separated is False]
    lines = [
        f"{axis}: {pair.system or _NO_NAME} and {pair.other or _NO_NAME} are not separated; {_remedy(pair)}"
        for pair in pairs[:_MOST_LINES]
    ]
    if len(pairs) > _MOST_LINES:
        lines.append(f"{axis}: {len(pairs) - _MOST_LINES} more neighbours are not separated; --pairwise has them all")
    return lines


def _remedy(pair: SystemPair) -> str:
    if pair.more_clips is None or pair.more_prompts is None:
        return f"{pair.note or NO_DIFFERENCE}"
    return f"about {how_many_more(pair.more_clips, pair.more_prompts)} would separate them".replace(",", " ")


def _verdict(pair: SystemPair) -> str:
    if pair.more_clips is not None and pair.more_prompts is not None:
        unit = "clips" if pair.more_clips == pair.more_prompts else "prompts"
        return f"no; {pair.more_prompts:,} more {unit}".replace(",", " ")
    return {True: "yes", False: f"no; {pair.note}", None: pair.note}[pair.separated]


def _numbers(name: str, cells: list[str]) -> DrawnColumn:
    return DrawnColumn(name, cells, Fit.NUMBER)


def _two(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _chance(p: float | None) -> str:
    return "" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"
