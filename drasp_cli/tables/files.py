"""A whole table to a file in one step: it is there complete, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from drasp_cli.errors import OutputError
from drasp_cli.tables.columns import Column, Record
from drasp_cli.tables.formats import format_of, open_writer, require_format


def check_place(path: str) -> None:
    """Check, before the rows are there, that a table could be written to `path`.

    Raises:
        OutputError: the ending names no format, there is no such folder, or `path` is one.
        MissingExtraError: Parquet without pyarrow.
    """
    require_format(format_of(path))
    if Path(path).is_dir():
        raise OutputError(f"{path}: cannot be written: is a directory")
    if not Path(path).parent.is_dir():
        raise OutputError(f"{path}: cannot be written: there is no folder {Path(path).parent}")


def write_table(path: str, columns: Sequence[Column], records: Iterable[Record]) -> None:
    """Writes `records`, in the format that the ending of `path` names, replacing what was there.

    Raises:
        OutputError: the ending names no format, or the file cannot be written.
        MissingExtraError: Parquet without pyarrow.
    """
    name = format_of(path)
    require_format(name)
    part = Path(path + ".part")
    try:
        with part.open("wb") as stream:
            writer = open_writer(name, columns, stream)
            writer.write(records)
            writer.close()
        part.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
