"""A table drawn for a person: as wide as the terminal, numbers whole, long names cut where they are alike.

cells -> natural widths -> widths that fit -> cut names -> rich
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from drasp_cli.cli.output import data_stream
from drasp_cli.cli.printable import printable

_NO_LIMIT = 10_000  # cells; a file or a pipe has no width to fit into
_NARROWEST = 8  # cells of a name that is cut
_LONGEST_WORD = 20  # cells; a longer word may be broken
_BETWEEN = 2  # cells between two columns
_EDGES = 2  # cells left and right of a table
_SHARES_IN_FRONT = (1 / 3, 0.0, 1 / 2, 2 / 3, 1.0)  # of what is kept of a cut name, in the order they are tried
_ELLIPSIS = "…"


class Fit(Enum):
    """What becomes of a cell that is too long."""

    NUMBER = "stands right and is never touched"
    NAME = "is cut, with an ellipsis, so that different names stay different"
    WORDS = "is folded between words"


@dataclass(frozen=True, slots=True)
class DrawnColumn:
    """A column of a drawn table.

    Attributes:
        name: its heading.
        cells: one for each row, of any characters.
        fit: what becomes of long ones.
        style: of rich, such as `red`.
    """

    name: str
    cells: Sequence[str]
    fit: Fit
    style: str = ""


def draw(columns: Sequence[DrawnColumn]) -> None:
    """A table on standard output.

    Raises:
        OutputError: standard output is closed.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    stream = data_stream()
    terminal = _terminal()
    shown = [
        DrawnColumn(printable(column.name), [printable(cell) for cell in column.cells], column.fit, column.style)
        for column in columns
    ]
    widths = fitting_widths(shown, terminal)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, _BETWEEN - 1, 0, 0), pad_edge=False)
    cells = []
    for column, width in zip(shown, widths, strict=True):
        right = column.fit is Fit.NUMBER
        table.add_column(
            Text(column.name),
            width=width,
            justify="right" if right else "left",
            no_wrap=right,
            overflow="fold",
            style=column.style or None,
        )
        cells.append(shortened(column.cells, width) if column.fit is Fit.NAME else column.cells)
    for row in zip(*cells, strict=True):
        table.add_row(*(Text(cell) for cell in row))
    # Where even the narrowest columns are too wide, the terminal may break the lines, but no number is lost.
    Console(file=stream, width=max(terminal, _frame(len(widths)) + sum(widths))).print(table)


def fits(columns: Sequence[DrawnColumn]) -> bool:
    """Whether a table of these columns is no wider than standard output, with names no more cut than can be read."""
    return sum(fitting_widths(columns, _terminal())) + _frame(len(columns)) <= _terminal()


def write_below(lines: Sequence[str]) -> None:
    """Lines under a table, folded between words.

    Raises:
        OutputError: standard output is closed.
    """
    from rich.console import Console
    from rich.text import Text

    stream = data_stream()
    console = Console(file=stream) if stream.isatty() else Console(file=stream, width=_NO_LIMIT)
    for line in lines:
        console.print(Text(printable(line), style="dim italic"))


def fitting_widths(columns: Sequence[DrawnColumn], terminal: int) -> list[int]:
    """Widths in cells with which a table is no wider than `terminal`, if that can be.

    Columns of numbers keep their widths; of the others, the widest gives way first, down to a width at which it can
    still be read.
    """
    from rich.cells import cell_len

    natural = [max(map(cell_len, (column.name, *column.cells))) for column in columns]
    least = [_least(column, width) for column, width in zip(columns, natural, strict=True)]
    room = terminal - _frame(len(columns))
    widths = [max(min(width, room), floor) for width, floor in zip(natural, least, strict=True)]
    while sum(widths) > room:
        spare = [i for i, floor in enumerate(least) if widths[i] > floor]
        if not spare:
            break
        widths[max(spare, key=widths.__getitem__)] -= 1
    return widths


def shortened(names: Sequence[str], width: int) -> list[str]:
    """Names with at most `width` cells, an ellipsis in place of what is left out; different names stay different.

    What is left out is the same place in all of them: the one that keeps most names apart. Those that it does not keep
    apart are left whole, to be folded.
    """
    different = set(names)
    best: dict[str, str] = {}
    for share in _SHARES_IN_FRONT:
        cut = {name: _cut(name, width, share) for name in different}
        if len(set(cut.values())) > len(set(best.values())):
            best = cut
    taken: dict[str, int] = {}
    for cut_name in best.values():
        taken[cut_name] = taken.get(cut_name, 0) + 1
    return [best[name] if taken[best[name]] == 1 else name for name in names]


def _cut(name: str, width: int, share: float) -> str:
    from rich.cells import cell_len

    if cell_len(name) <= width:
        return name
    kept = width - cell_len(_ELLIPSIS)
    front = _prefix(name, int(kept * share))
    return front + _ELLIPSIS + _prefix(name[::-1], kept - cell_len(front))[::-1]


def _prefix(text: str, width: int) -> str:
    """The longest beginning of at most `width` cells."""
    from rich.cells import cell_len

    used = 0
    for place, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return text[:place]
    return text


def _least(column: DrawnColumn, natural: int) -> int:
    from rich.cells import cell_len

    if column.fit is Fit.NUMBER:
        return natural
    if column.fit is Fit.NAME:
        return min(natural, max(cell_len(column.name), _NARROWEST))
    words = (word for cell in (column.name, *column.cells) for word in cell.split())
    return min(max(map(cell_len, words), default=0), _LONGEST_WORD)


def _terminal() -> int:
    """Cells in a line of standard output."""
    from rich.console import Console

    stream = data_stream()
    return Console(file=stream).width if stream.isatty() else _NO_LIMIT


def _frame(columns: int) -> int:
    """Cells of a table that belong to no column."""
    return _EDGES + _BETWEEN * (columns - 1)
