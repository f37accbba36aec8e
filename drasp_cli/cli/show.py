"""Tables on standard output: drawn by rich for a person, or in a file format for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TextIO

from drasp_cli.datatypes import ClipScore
from drasp_cli.errors import OutputError
from drasp_cli.tables.formats import open_writer, require_format
from drasp_cli.tables.score_table import score_columns, score_record
from drasp_cli.tables.systems import SystemTable, system_columns, system_records

_NO_LIMIT = 10_000  # columns
_PAGE = 500  # rows of one drawn table: more would have to be held in memory until the last is known


def stdout_format(format: str | None) -> str:
    """`--format`, or table on a terminal and csv in a pipe."""
    return format or ("table" if _stdout().isatty() else "csv")


def check_destination(format: str | None, output: str | None) -> None:
    """Tells before the work, not after it, that its table could not be written.

    Raises:
        OutputError: `output` names no format or no place for a file, or standard output is closed.
        MissingExtraError: Parquet without pyarrow.
    """
    if output is None:
        require_format(stdout_format(format))
    else:
        from drasp_cli.tables.files import check_place

        check_place(output)


def show_scores(rows: Iterable[ClipScore], axes: Sequence[str], *, format: str | None, with_prompts: bool) -> None:
    """Score rows on standard output, as they come."""
    format = stdout_format(format)
    if format == "table":
        _draw_scores(iter(rows), axes, with_prompts)
        return
    stream = _stdout().buffer
    writer = open_writer(format, score_columns(axes, with_prompts=with_prompts), stream)
    for row in rows:
        writer.write([score_record(row, axes, with_prompts=with_prompts)])
        stream.flush()
    writer.close()
    stream.flush()


def show_systems(table: SystemTable, *, format: str | None, output: str | None) -> None:
    """A system table on standard output, or in the file `output`.

    Raises:
        OutputError: the file cannot be written.
    """
    if output is not None:
        from drasp_cli.tables.files import write_table

        write_table(output, system_columns(table), system_records(table))
        return
    format = stdout_format(format)
    if format == "table":
        _draw_systems(table)
        return
    stream = _stdout().buffer
    writer = open_writer(format, system_columns(table), stream)
    writer.write(system_records(table))
    writer.close()
    stream.flush()


def _stdout() -> TextIO:
    """Standard output, which a shell may have closed (`>&-`).

    Raises:
        OutputError: it is closed.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file with --output")
    return sys.stdout


def _draw_scores(rows: Iterator[ClipScore], axes: Sequence[str], with_prompts: bool) -> None:
    while page := list(islice(rows, _PAGE)):
        columns: list[tuple[str, list[str]]] = [
            ("path", [_printable(row.clip.path) for row in page]),
            ("id", [_printable(row.clip.id) for row in page]),
            ("system", [_printable(row.clip.system) for row in page]),
            ("start", [_two(row.clip.start) for row in page]),
            ("end", [_two(row.clip.end) for row in page]),
            *((axis, [_two(row.scores.get(axis)) for row in page]) for axis in axes),
            ("seconds", [_two(row.seconds) for row in page]),
            ("flags", [" ".join(row.flags) for row in page]),
            ("error", [_printable(row.error) for row in page]),
        ]
        if with_prompts:
            columns.append(("prompt", [_printable(row.clip.prompt or "") for row in page]))
        always = {"path", "seconds", *axes}
        shown = [(name, cells) for name, cells in columns if name in always or any(cells)]
        draw(shown, right={"start", "end", "seconds", *axes}, caption=_printable(page[0].model))


def _draw_systems(table: SystemTable) -> None:
    columns = [
        ("system", [_printable(row.system) or "(none)" for row in table.systems]),
        ("clips", [str(row.clips) for row in table.systems]),
        ("failed", [str(row.failed) if row.failed else "" for row in table.systems]),
    ]
    for axis in table.axes:
        columns.append((axis, [_two(row.means[axis]) for row in table.systems]))
        if any(row.ranks for row in table.systems):
            columns.append(("rank", [_whole(row.ranks[axis]) for row in table.systems]))
        if any(row.scored[axis] != row.clips for row in table.systems):
            columns.append((f"{axis} clips", [str(row.scored[axis]) for row in table.systems]))
    shown = [(name, cells) for name, cells in columns if name != "failed" or any(cells)]
    draw(shown, right={name for name, _ in shown} - {"system"}, caption="")


def draw(columns: Sequence[tuple[str, Sequence[str]]], right: set[str], caption: str = "") -> None:
    """A table of text cells on standard output; columns are (name, cells), those in `right` align to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD, caption=Text(caption) if caption else None, caption_justify="left", pad_edge=False
    )
    for name, _ in columns:
        table.add_column(
            Text(_printable(name)),
            justify="right" if name in right else "left",
            no_wrap=name in right,
            overflow="fold",
            style="red" if name == "error" else None,
        )
    for cells in zip(*(cells for _, cells in columns), strict=True):
        table.add_row(*(Text(cell) for cell in cells))
    stream = _stdout()
    # A file or a pipe has no width to fit into.
    console = Console(file=stream) if stream.isatty() else Console(file=stream, width=_NO_LIMIT)
    console.print(table)


def _two(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _whole(number: int | None) -> str:
    return "" if number is None else str(number)


def _printable(text: str) -> str:
    r"""Text that any terminal can take: bytes that are no UTF-8 as `\xff`, control characters escaped."""
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)
