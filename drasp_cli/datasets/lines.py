"""The lines of a text file that somebody else wrote: UTF-8 with or without a byte-order mark, LF or CRLF."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from drasp_cli.errors import InputError

# Python's csv refuses cells over 131,072 characters unless told otherwise, and a prompt may be longer. The limit is
# one for the whole process; this is the largest that every platform takes.
csv.field_size_limit(2**31 - 1)

Errors = Literal["strict", "surrogateescape"]
"""What happens to bytes that are not UTF-8: refused (prompts), or carried along (paths, which may be any bytes)."""


def read_lines(source: str, errors: Errors) -> Iterator[str]:
    """The lines of `source` one by one, line ends kept, the byte-order mark taken off.

    Raises:
        InputError: the file cannot be read, is UTF-16, or holds bytes that are not UTF-8 while `errors` is `strict`.
    """
    try:
        with Path(source).open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                if number == 1:
                    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                        raise InputError(source, "is UTF-16 text; UTF-8 is expected")
                    raw = raw.removeprefix(codecs.BOM_UTF8)
                try:
                    yield raw.decode("utf-8", errors)
                except UnicodeDecodeError as error:
                    raise InputError(source, f"byte {error.start + 1} of the line is not UTF-8", number) from None
    except OSError as error:
        raise InputError(source, f"cannot be read: {error.strerror or error}") from None


def checked_text(source: str, line: str) -> str:
    """A line, as it is.

    Raises:
        InputError: it holds a zero byte.
    """
    if "\0" in line:
        raise InputError(source, "is no text: it holds a zero byte, as audio and archives do")
    return line


def whole_lines(path: Path) -> list[str]:
    """The lines of a small file, without their ends, the byte-order mark taken off.

    Raises:
        InputError: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8 text: {error.reason}") from error


def numbered_lines(source: str, errors: Errors) -> Iterator[tuple[int, str]]:
    """(1-based line number, line without its end) for every line that is not blank."""
    for number, line in enumerate(read_lines(source, errors), start=1):
        text = line.removesuffix("\n").removesuffix("\r")
        if text.strip():
            yield number, text


def csv_records(source: str, errors: Errors) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, column -> cell) for every row of a CSV file with a header. Blank lines are no rows.

    Raises:
        InputError: no header, or one of semicolons, a column named twice, a row with more or fewer cells than the
            header, broken quoting, a zero byte.
    """
    reader = csv.reader((checked_text(source, line) for line in read_lines(source, errors)), strict=True)
    try:
        header = [name.strip() for name in next((row for row in reader if row), [])]
        if not header:
            raise InputError(source, "is empty; a CSV header is expected")
        if len(header) == 1 and ";" in header[0]:
            raise InputError(source, "looks separated by semicolons; commas are expected", reader.line_num)
        if len(set(header)) < len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise InputError(source, f"column '{twice}' is named twice", reader.line_num)
        before = reader.line_num
        for row in reader:
            if row:
                if len(row) != len(header):
                    reason = f"{len(row)} cells where the header has {len(header)}"
                    raise InputError(source, reason, before + 1)
                yield before + 1, dict(zip(header, row, strict=True))
            before = reader.line_num
    except csv.Error as error:
        raise InputError(source, f"is not well-formed CSV: {error}", reader.line_num) from None


def jsonl_records(source: str, errors: Errors) -> Iterator[tuple[int, dict[str, object]]]:
    """(line number, object) for every line that is not blank.

    Raises:
        InputError: a line is not one JSON object.
    """
    for number, line in numbered_lines(source, errors):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise InputError(source, f"is not JSON: {error}", number) from None
        except RecursionError:
            raise InputError(source, "is JSON nested too deep", number) from None
        if not isinstance(record, dict):
            raise InputError(source, "a JSON object is expected on each line", number)
        yield number, record
