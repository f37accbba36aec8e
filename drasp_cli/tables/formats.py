r"""Records written as CSV, JSON Lines, JSON or Parquet, row by row and the same bytes every time.

Text is UTF-8. A path may hold bytes that are not: Python carries them as lone surrogates. CSV gets the very bytes
back, JSON escapes them (`\udcff`), and Parquet, which has no room for them, gets them spelled out (`\xff`).
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Protocol

from drasp_cli.errors import MissingExtraError, OutputError
from drasp_cli.tables.columns import Column, Kind, Record, cell_text

_PARQUET_ROWS = 16_384  # rows in memory before a row group is written


class TableWriter(Protocol):
    """Writes records to a stream that it does not own."""

    def write(self, records: Iterable[Record]) -> None:
        """Appends rows."""

    def close(self) -> None:
        """Completes the table; nothing can be written afterwards. The stream stays open."""


def format_of(path: str) -> str:
    """The format that the ending of `path` names.

    Raises:
        OutputError: it names none.
    """
    name = Path(path).suffix.lower().removeprefix(".")
    if name not in WRITERS:
        raise OutputError(f"{path}: the ending says the format, one of {', '.join('.' + known for known in WRITERS)}")
    return name


def require_format(name: str) -> None:
    """Check that what the format needs is installed.

    Raises:
        MissingExtraError: Parquet without pyarrow.
    """
    if name == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise MissingExtraError("parquet", "writing Parquet")


def open_writer(name: str, columns: Sequence[Column], stream: BinaryIO) -> TableWriter:
    """A writer of the format `name`, a key of WRITERS.

    Raises:
        MissingExtraError: Parquet without pyarrow.
    """
    return WRITERS[name](columns, stream)


# ------------------------------------------------------------------------------------------------------- CSV


def csv_line(cells: Iterable[str]) -> bytes:
    """One CSV record with its line end. A cell is quoted where it must be, and where it begins or ends in space."""
    return (",".join(map(_quoted, cells)) + "\n").encode("utf-8", "surrogateescape")


def csv_record(columns: Sequence[Column], record: Record) -> bytes:
    """One row of CSV."""
    return csv_line(cell_text(cell, column.kind) for cell, column in zip(record, columns, strict=True))


def _quoted(text: str) -> str:
    # By hand, since Python versions differ in whether csv.writer quotes a lone carriage return.
    if text != text.strip() or any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


class _CsvWriter:
    def __init__(self, columns: Sequence[Column], stream: BinaryIO) -> None:
        self._columns, self._stream = columns, stream
        stream.write(csv_line(column.name for column in columns))

    def write(self, records: Iterable[Record]) -> None:
        for record in records:
            self._stream.write(csv_record(self._columns, record))

    def close(self) -> None:
        """Nothing stands at the end of CSV."""


# ------------------------------------------------------------------------------------------------------ JSON


def json_record(columns: Sequence[Column], record: Record) -> bytes:
    """One row as a JSON object, without a line end."""
    named = {column.name: cell for column, cell in zip(columns, record, strict=True)}
    try:
        return json.dumps(named, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(named, allow_nan=False).encode()


class _JsonlWriter:
    def __init__(self, columns: Sequence[Column], stream: BinaryIO) -> None:
        self._columns, self._stream = columns, stream

    def write(self, records: Iterable[Record]) -> None:
        for record in records:
            self._stream.write(json_record(self._columns, record) + b"\n")

    def close(self) -> None:
        """Nothing stands at the end of JSON Lines."""


class _JsonWriter:
    """An array with one object a line."""

    def __init__(self, columns: Sequence[Column], stream: BinaryIO) -> None:
        self._columns, self._stream = columns, stream
        self._between = b"[\n"

    def write(self, records: Iterable[Record]) -> None:
        for record in records:
            self._stream.write(self._between + json_record(self._columns, record))
            self._between = b",\n"

    def close(self) -> None:
        self._stream.write(b"[]\n" if self._between == b"[\n" else b"\n]\n")


# --------------------------------------------------------------------------------------------------- Parquet


class _ParquetWriter:
    def __init__(self, columns: Sequence[Column], stream: BinaryIO) -> None:
        require_format("parquet")
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {Kind.TEXT: pa.string(), Kind.SCORE: pa.float64(), Kind.TIME: pa.float64(), Kind.COUNT: pa.int64()}
        self._columns = columns
        self._schema: Any = pa.schema([(column.name, types[column.kind]) for column in columns])
        self._batch: Callable[..., Any] = pa.RecordBatch.from_pydict
        self._file: Any = pq.ParquetWriter(stream, self._schema)
        self._records: list[Record] = []

    def write(self, records: Iterable[Record]) -> None:
        for record in records:
            self._records.append(record)
            if len(self._records) == _PARQUET_ROWS:
                self._flush()

    def close(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._records:
            cells = {
                column.name: [storable(record[place]) for record in self._records]
                for place, column in enumerate(self._columns)
            }
            self._file.write_batch(self._batch(cells, schema=self._schema))
            self._records = []


def storable(cell: object) -> object:
    """The cell, with the bytes of a text that is not UTF-8 spelled out."""
    if isinstance(cell, str):
        try:
            cell.encode()
        except UnicodeEncodeError:
            return os.fsencode(cell).decode("utf-8", "backslashreplace")
    return cell


WRITERS: MappingProxyType[str, Callable[[Sequence[Column], BinaryIO], TableWriter]] = MappingProxyType(
    {"csv": _CsvWriter, "json": _JsonWriter, "jsonl": _JsonlWriter, "parquet": _ParquetWriter}
)
