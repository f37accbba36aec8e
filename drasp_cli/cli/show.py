"""Tables on standard output: drawn for a person, or in a file format for a pipe."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from drasp_cli.audio.flags import FLAGS, SIMULATED_RATINGS
from drasp_cli.cli.drawing import DrawnColumn, Fit, draw, fits, write_below
from drasp_cli.cli.output import Talk, data_stream
from drasp_cli.cli.printable import printable
from drasp_cli.cli.systems import draw_pairs, draw_systems, reading_notes
from drasp_cli.datatypes import ClipScore
from drasp_cli.tables.columns import Cell, Column, Kind, Record
from drasp_cli.tables.formats import open_writer, require_format
from drasp_cli.tables.pairs import PAIR_COLUMNS, pair_records
from drasp_cli.tables.score_table import MODEL_SEPARATOR, score_columns, score_record
from drasp_cli.tables.systems import SystemTable, system_columns, system_records

if TYPE_CHECKING:
    from drasp_cli.evaluation import Evaluation
    from drasp_cli.evaluation.paper import PaperRow
    from drasp_cli.evaluation.segment_sizes import SizedEvaluation
    from drasp_cli.tables.calibration import Calibration

_THE_MODEL = "the model"  # with which the meaning of the flag begins
_SIMULATED = FLAGS[SIMULATED_RATINGS].removeprefix(_THE_MODEL)
_PAGE = 500  # rows of one drawn table: more would have to be held in memory until the last is known
_WHICH = (("path", Fit.NAME), ("id", Fit.NAME), ("system", Fit.NAME), ("start", Fit.NUMBER), ("end", Fit.NUMBER))


def stdout_format(format: str | None) -> str:
    """`--format`, or table on a terminal and csv in a pipe."""
    return format or ("table" if data_stream().isatty() else "csv")


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


def show_scores(
    rows: Iterable[ClipScore],
    axes: Sequence[str],
    *,
    format: str | None,
    with_prompts: bool,
    simulated: Sequence[str],
) -> None:
    """Score rows on standard output, as they come; below a drawn table stands which models are `simulated`."""
    format = stdout_format(format)
    if format == "table":
        _draw_scores(iter(rows), axes, with_prompts, simulated)
        return
    stream = data_stream().buffer
    writer = open_writer(format, score_columns(axes, with_prompts=with_prompts), stream)
    for row in rows:
        writer.write([score_record(row, axes, with_prompts=with_prompts)])
        stream.flush()
    writer.close()
    stream.flush()


def show_systems(table: SystemTable, *, format: str | None, output: str | None, simulated: Sequence[str]) -> None:
    """A system table on standard output, or in the file `output`.

    Args:
        table: what is shown.
        format: of standard output.
        output: the file.
        simulated: whose scores behind it come of simulated ratings, which a drawn table says below.

    Raises:
        OutputError: the file cannot be written.
    """
    if is_drawn(format, output):
        draw_systems(table)
        write_below([*reading_notes(table), *_sources(table, simulated)])
    else:
        show_records(system_columns(table), system_records(table), format=format, output=output)


def show_pairs(table: SystemTable, *, format: str | None, output: str | None, simulated: Sequence[str]) -> None:
    """The pair table of a ranked table; arguments and error as of `show_systems`."""
    if is_drawn(format, output):
        draw_pairs(table)
        write_below(_sources(table, simulated))
    else:
        show_records(PAIR_COLUMNS, pair_records(table), format=format, output=output)


def show_evaluations(
    results: Sequence[Evaluation], models: Sequence[str], *, format: str | None, output: str | None
) -> None:
    """Agreement with ratings on standard output, or in the file `output`; error as of `show_systems`."""
    from drasp_cli.evaluation.table import EVALUATION_COLUMNS, evaluation_records

    records = list(evaluation_records(results, MODEL_SEPARATOR.join(models)))
    if is_drawn(format, output):
        _draw_evaluations(records, EVALUATION_COLUMNS)
        write_below([model for model in models if model])
    else:
        show_records(EVALUATION_COLUMNS, records, format=format, output=output)


def show_agreement(results: Sequence[Evaluation], *, format: str | None, output: str | None, talk: Talk) -> None:
    """Agreement with ratings beside another table: drawn below it; told, where that one goes to a file or a pipe."""
    from drasp_cli.evaluation.table import EVALUATION_COLUMNS, evaluation_records

    records = list(evaluation_records(results, ""))
    if is_drawn(format, output):
        _draw_evaluations(records, EVALUATION_COLUMNS)
        return
    for axis, level, items, metric, value, low, high, *_ in records:
        figure = "not defined" if value is None else f"{value:.3f}"
        interval = "" if low is None else f" ({low:.3f} to {high:.3f})"
        talk.notice(f"{axis} against {items} rated {level}s: {metric} {figure}{interval}")
    for line in _notes_of_evaluations(records, EVALUATION_COLUMNS):
        talk.notice(line)


def show_segment_sizes(found: Sequence[SizedEvaluation], *, format: str | None, output: str | None) -> None:
    """Agreement of checkpoints with ratings, by segment size; where, and the error, as of `show_systems`."""
    from drasp_cli.evaluation.segment_sizes import SEGMENT_SIZE_COLUMNS, segment_size_records

    records = list(segment_size_records(found))
    if is_drawn(format, output):
        _draw_evaluations(records, SEGMENT_SIZE_COLUMNS)
        write_below(list(dict.fromkeys(one.model for one in found)))
    else:
        show_records(SEGMENT_SIZE_COLUMNS, records, format=format, output=output)


def _draw_evaluations(records: Sequence[Record], columns: Sequence[Column]) -> None:
    names = [column.name for column in columns]
    rows = [dict(zip(names, record, strict=True)) for record in records]
    for row, column in itertools.product(rows, columns):
        if column.kind is Kind.COUNT and row[column.name] is not None:
            row[column.name] = str(row[column.name])
    drawn = [
        _column(column.name, Fit.NAME if column.kind is Kind.TEXT else Fit.NUMBER, rows, decimals=3)
        for column in columns
        if column.name not in ("note", "model")
    ]
    draw([column for column in drawn if column.name != "listeners" or any(column.cells)])
    write_below(_notes_of_evaluations(records, columns))


def _notes_of_evaluations(records: Sequence[Record], columns: Sequence[Column]) -> list[str]:
    """What the records note, each said once of an axis and level."""
    axis, level, note = ([column.name for column in columns].index(name) for name in ("axis", "level", "note"))
    noted = dict.fromkeys((record[axis], record[level], record[note]) for record in records)
    return [f"{axis}, {level} level: {note}" for axis, level, note in noted if note]


def show_calibration(calibration: Calibration, *, format: str | None) -> None:
    """What a map is made of and how well it predicts, on standard output."""
    names = ("axis", "kind", "items", "low", "high", "error", "constant_error")
    kinds = (Kind.TEXT, Kind.TEXT, Kind.COUNT, *(Kind.SCORE,) * 4)
    records = [tuple(getattr(one, name) for name in names) for one in calibration.maps]
    if not is_drawn(format, None):
        columns = tuple(Column(name, kind) for name, kind in zip(names, kinds, strict=True))
        show_records(columns, records, format=format, output=None)
        return
    rows = [dict(zip(names, record, strict=True)) | {"items": str(record[2])} for record in records]
    draw([_column(name, Fit.NAME if name in names[:2] else Fit.NUMBER, rows, decimals=3) for name in names])
    write_below(
        [
            "error: cross-validated root mean squared error, in steps of the ratings; constant_error: that of saying "
            "their mean",
            calibration.model,
        ]
    )


def show_paper_row(row: PaperRow, *, format: str | None, output: str | None) -> None:
    """A row of the paper's tables on standard output, or in the file `output`; error as of `show_systems`."""
    if not is_drawn(format, output):
        show_records(row.columns, [row.record], format=format, output=output)
        return
    fields = dict(zip((column.name for column in row.columns), row.record, strict=True))
    method, *figures = fields
    whole = [
        _column(method, Fit.NAME, [fields]),
        *(_column(name, Fit.NUMBER, [fields], decimals=3) for name in figures),
    ]
    if fits(whole):
        draw(whole)
    else:  # a line for each figure
        cells = [column.cells[0] for column in whole[1:]]
        draw([DrawnColumn("", figures, Fit.NAME), DrawnColumn(str(fields[method]), cells, Fit.NUMBER)])
    write_below([f"{row.table} of the DRASP paper: system level"])


def is_drawn(format: str | None, output: str | None) -> bool:
    """Whether a table is for a person to look at, and not in a file format."""
    return output is None and stdout_format(format) == "table"


def show_records(
    columns: Sequence[Column], records: Iterable[Record], *, format: str | None, output: str | None
) -> None:
    """Records in a file format on standard output, or in the file `output`.

    Raises:
        OutputError: the file cannot be written.
    """
    if output is not None:
        from drasp_cli.tables.files import write_table

        write_table(output, columns, records)
        return
    stream = data_stream().buffer
    writer = open_writer(stdout_format(format), columns, stream)
    writer.write(records)
    writer.close()
    stream.flush()


def _sources(table: SystemTable, simulated: Sequence[str]) -> list[str]:
    """What scored the clips behind a table, and what of it was trained on simulated ratings."""
    return [*table.models, *_notes_of_simulated(simulated, len(table.models))]


def _notes_of_simulated(simulated: Sequence[str], models: int) -> list[str]:
    """What the flag `simulated-ratings` means, and of which models: of `simulated`, unless there is only one."""
    named = simulated if models > 1 else [_THE_MODEL] * bool(simulated)
    return [f"{SIMULATED_RATINGS}: {model}{_SIMULATED}" for model in named]


def show_path(path: Path) -> None:
    """The name of what was made, on standard output if it is open: its bytes for a pipe, escaped on a terminal."""
    stream = sys.stdout
    if stream is None:
        return
    if stream.isatty():
        print(printable(str(path)), file=stream)
    else:
        stream.buffer.write(os.fsencode(path) + b"\n")


def _draw_scores(rows: Iterator[ClipScore], axes: Sequence[str], with_prompts: bool, simulated: Sequence[str]) -> None:
    below: dict[str, None] = {}  # said once, under the last row
    while page := list(islice(rows, _PAGE)):
        models = page[0].model.split(MODEL_SEPARATOR)
        below.update(dict.fromkeys(models))
        hidden = ""
        if all(SIMULATED_RATINGS in row.flags for row in page):
            # A file has it in every row, since its rows may be parted.
            hidden = SIMULATED_RATINGS
            below.update(dict.fromkeys(_notes_of_simulated(simulated, len(models))))
        _draw_page(page, axes, with_prompts, hidden)
    write_below(list(below))


def _draw_page(page: Sequence[ClipScore], axes: Sequence[str], with_prompts: bool, hidden_flag: str) -> None:
    names = [column.name for column in score_columns(axes, with_prompts=with_prompts)]
    records = []
    for row in page:
        record = dict(zip(names, score_record(row, axes, with_prompts=with_prompts), strict=True))
        record["flags"] = " ".join(flag for flag in row.flags if flag != hidden_flag)
        records.append(record)
    drawn = [*_WHICH, *((axis, Fit.NUMBER) for axis in axes), ("seconds", Fit.NUMBER), ("flags", Fit.WORDS)]
    if with_prompts:
        drawn.append(("prompt", Fit.WORDS))
    columns = [_column(name, fit, records) for name, fit in drawn]
    always = {"path", "seconds", *axes}
    draw([column for column in columns if column.name in always or any(column.cells)])
    # A reason is longer than a row is wide, so the reasons have a table of their own.
    if failed := [record for record in records if record["error"]]:
        columns = [_column(name, fit, failed) for name, fit in (*_WHICH, ("error", Fit.WORDS))]
        draw([column for column in columns if column.name != "system" and any(column.cells)])


def _column(name: str, fit: Fit, records: Sequence[Mapping[str, Cell]], decimals: int = 2) -> DrawnColumn:
    cells = [record[name] for record in records]
    texts = [f"{cell:.{decimals}f}" if isinstance(cell, int | float) else cell or "" for cell in cells]
    return DrawnColumn(name, texts, fit, style="red" if name == "error" else "")
