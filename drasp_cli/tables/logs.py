"""Rows in a file that grows at its end: where each complete one ends, and what it says.

A run can be killed at any byte. A row is complete when its line end is there; what stands behind the last one is torn.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from typing import IO, Protocol

from drasp_cli.errors import ResumeError
from drasp_cli.tables.columns import Cell, Column, Kind, Record
from drasp_cli.tables.formats import csv_line, csv_record, json_record


class RowLog(Protocol):
    """One way to write rows one behind the other."""

    head: bytes
    """What the file begins with."""

    def line(self, record: Record) -> bytes:
        """One row with its line end."""

    def rows(self, source: str, stream: IO[bytes]) -> Iterator[tuple[int, Record]]:
        """(byte behind the row, row) for each complete row; nothing for a file killed before its first row.

        Args:
            source: the file, as errors call it.
            stream: at its beginning.

        Raises:
            ResumeError: the file is not such a log, or has other columns.
        """


class CsvLog:
    """A header, then one record a row; a record may span lines inside its quotes."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self.head = csv_line(column.name for column in columns)

    def line(self, record: Record) -> bytes:
        """One row with its line end."""
        return csv_record(self._columns, record)

    def rows(self, source: str, stream: IO[bytes]) -> Iterator[tuple[int, Record]]:
        """As RowLog."""
        end = 0
        for raw in _csv_records(stream):
            if end == 0:
                if raw != self.head and not (self.head.startswith(raw) and not raw.endswith(b"\n")):
                    there, here = _shown(raw), _shown(self.head)
                    raise ResumeError(source, f"its first line is '{there}', and would be '{here}'")
            elif raw.endswith(b"\n") and raw.count(b'"') % 2 == 0:
                yield end + len(raw), self._parse(source, end, raw)
            end += len(raw)

    def _parse(self, source: str, place: int, raw: bytes) -> Record:
        cells = next(csv.reader([raw.decode("utf-8", "surrogateescape").removesuffix("\n")]))
        if len(cells) == len(self._columns):
            try:
                return [_parse_cell(cell, column.kind) for cell, column in zip(cells, self._columns, strict=True)]
            except ValueError:
                pass
        raise ResumeError(source, f"'{_shown(raw)}' at byte {place} is not one of its rows")


def _csv_records(stream: IO[bytes]) -> Iterator[bytes]:
    """Records with their line ends; the last one may lack it, or its closing quote."""
    record = b""
    for line in stream:
        record += line
        # A line end lies inside quotes exactly when an odd number of quotes stands before it: a quote that is part
        # of a cell is written twice.
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""
    if record:
        yield record


def _parse_cell(text: str, kind: Kind) -> Cell:
    if kind is Kind.TEXT:
        return text
    if not text:
        return None
    return int(text) if kind is Kind.COUNT else float(text)


class JsonlLog:
    """One JSON object a line."""

    head = b""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._names = [column.name for column in columns]
        self.opening = f'{{"{self._names[0]}": '.encode()
        """What every row begins with."""

    def line(self, record: Record) -> bytes:
        """One row with its line end."""
        return json_record(self._columns, record) + b"\n"

    def rows(self, source: str, stream: IO[bytes]) -> Iterator[tuple[int, Record]]:
        """As RowLog."""
        end = 0
        for number, raw in enumerate(stream, start=1):
            if not (raw.startswith(self.opening) or self.opening.startswith(raw)):
                raise ResumeError(source, f"line {number}, '{_shown(raw)}', is not one of its rows")
            end += len(raw)
            if raw.endswith(b"\n"):
                yield end, self._parse(source, number, raw)

    def _parse(self, source: str, number: int, raw: bytes) -> Record:
        try:
            fields = json.loads(raw)
        except ValueError:
            raise ResumeError(source, f"line {number}, '{_shown(raw)}', is not one of its rows") from None
        if list(fields) != self._names:
            there, here = ",".join(fields), ",".join(self._names)
            raise ResumeError(source, f"line {number} has the columns {there}, and would have {here}")
        return list(fields.values())


def _shown(raw: bytes) -> str:
    """The beginning of a line, fit for a message."""
    text = raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
    return text if len(text) <= 120 else text[:117] + "..."
