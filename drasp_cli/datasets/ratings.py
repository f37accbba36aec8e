"""Files of human ratings, of this project's data sets and of anyone who keeps their columns.

    MusicEval list      name.wav,MI,TA                                  no header
    BVCC list           sysA-utt1.wav,3.75                              no header; mean ratings
    BVCC single ratings sysA,sysA-utt1.wav,4,_,listener                 no header; one row for each listener
    AudioMOS track 2    sample_id,data_path,Production_Quality,...      CSV with a header
    AES-Natural         {"data_path": ..., "Production_Quality": [8, 7, ...], ...}      JSON Lines; ten single ratings
    plain CSV           a column that names the clip, or `system` alone; a column for each axis, or `rating`;
                        `listener`, where each row is one listener's

Names of columns: docs/file-formats.md.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from drasp_cli.datasets import aes_natural, musiceval
from drasp_cli.datasets.lines import checked_text, csv_records, jsonl_records, numbered_lines
from drasp_cli.encodable import why_no_name
from drasp_cli.errors import InputError, RatingsError

NAME_COLUMNS: Final = ("path", "data_path", "file", "filename", "wav", "name", "clip", "id", "sample_id", "utterance")
"""Columns that say which clip is rated; a row may have several."""
LISTENER_COLUMNS: Final = ("listener", "listener_id", "rater", "rater_id", "annotator", "worker_id", "subject")
UNNAMED_COLUMNS: Final = ("rating", "mos", "score")
"""Columns of a rating that do not say of which axis it is."""
UNNAMED: Final = ""
"""The axis of ratings that do not say it."""

_LONG_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {column.casefold(): axis for axis, column in aes_natural.COLUMNS.items()}
)
_OTHER_TABLES: Final = MappingProxyType({".json": "JSON", ".parquet": "Parquet"})
_SYSTEM_IN_NAME = re.compile(r"(?:^|[^A-Za-z0-9])(S\d+)_|(?:^|[-/])(sys[A-Za-z0-9]+)-")


@dataclass(frozen=True, slots=True)
class RatedItem:
    """A clip, or a system, and what listeners said of it.

    Attributes:
        names: what the file calls it, by path or otherwise; the first is used in messages.
        system: the generator that made it; empty where the file does not say it.
        ratings: axis -> single ratings, or one mean.
        listeners: axis -> who gave each of its ratings, empty for one that is given without a name; no axis where the
            file has no listeners.
    """

    names: tuple[str, ...]
    system: str
    ratings: Mapping[str, Sequence[float]]
    listeners: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ratings:
    """What a file of ratings holds.

    Attributes:
        source: the file.
        axes: what is rated; UNNAMED where the file does not say it.
        items: in the order of the file.
        of_systems: whether systems are rated, and not clips.
        is_single: whether there are single ratings, several for at least one item.
    """

    source: str
    axes: tuple[str, ...]
    items: tuple[RatedItem, ...]
    of_systems: bool
    is_single: bool


@dataclass(slots=True)
class _Row:
    """One row of a file, of any of the formats."""

    line: int
    names: tuple[str, ...]
    system: str
    listener: str | None
    ratings: dict[str, list[float]] = field(default_factory=dict)
    of_system: bool = False

    @property
    def named(self) -> dict[str, list[str]]:
        """Axis -> the listener, once for each rating; empty where there is no column for that."""
        if self.listener is None:
            return {}
        return {axis: [self.listener] * len(values) for axis, values in self.ratings.items()}


def read_ratings(source: str, axes: Iterable[str]) -> Ratings:
    """The ratings in a file.

    Args:
        source: `.jsonl`, or comma-separated text with or without a header.
        axes: names that columns of a plain CSV may have; any case will do. Other columns are not read.

    Raises:
        RatingsError: its ending is that of JSON or Parquet; nothing says which clip is rated, or on what; something is
            no finite number; a clip stands twice without listeners that tell its ratings apart. With file and line.
        InputError: the file cannot be read, or is not well-formed.
    """
    axes = tuple(axes)
    wanted = {axis.casefold(): axis for axis in axes} | dict(_LONG_NAMES)
    expected = [*axes, *(column for axis, column in aes_natural.COLUMNS.items() if axis in axes), UNNAMED_COLUMNS[0]]
    ending = Path(source).suffix.lower()
    if ending in _OTHER_TABLES:
        raise RatingsError(source, f"ratings are read from CSV or JSONL, not from {_OTHER_TABLES[ending]}")
    if ending == ".jsonl":
        rows = _from_objects(source, wanted, expected, jsonl_records(source, "surrogateescape"))
    elif _has_header(source):
        rows = _from_objects(source, wanted, expected, csv_records(source, "surrogateescape"))
    else:
        rows = _from_list(source)
    return _gathered(source, rows)


# ------------------------------------------------------------------------------------------------------ formats


def _has_header(source: str) -> bool:
    """Whether no cell of the first line is a number."""
    line, first = next(numbered_lines(source, "surrogateescape"), (0, ""))
    return not any(_is_number(cell) for cell in _cells(source, line, first))


def _cells(source: str, line: int, text: str) -> list[str]:
    """The cells of one line of comma-separated text.

    Raises:
        InputError: it is not well-formed, or holds a zero byte.
    """
    try:
        return next(csv.reader([checked_text(source, text)]), [])
    except csv.Error as error:
        raise InputError(source, f"is not well-formed CSV: {error}", line) from None


def _from_objects(
    source: str,
    wanted: Mapping[str, str],
    expected: Sequence[str],
    records: Iterator[tuple[int, Mapping[str, object]]],
) -> Iterator[_Row]:
    """The rows of a file whose columns are named.

    Args:
        source: the file.
        wanted: name of a column, in lower case -> the axis that is rated in it.
        expected: what a message says that columns may be called.
        records: line number, column -> value.
    """
    for line, record in records:
        fields = {str(name).strip().casefold(): value for name, value in record.items()}
        system = _text(fields.get("system"))
        known = [name for name in NAME_COLUMNS if name in fields]
        names = tuple(dict.fromkeys(text for name in known if (text := _text(fields[name]))))
        if known and not names:
            raise RatingsError(source, f"'{known[0]}' is empty", line)
        for text in (*names, system):
            if (reason := why_no_name(text)) is not None:
                raise RatingsError(source, f"'{text}' {reason}", line)
        if not known and not system:
            raise RatingsError(
                source,
                f"no column says which clip is rated; it has {', '.join(map(str, record))}, and expected is one of "
                f"{', '.join(NAME_COLUMNS)}, or system",
                line,
            )
        listeners = [_text(fields[name]) for name in LISTENER_COLUMNS if name in fields]
        rated = {wanted[name]: name for name in fields if name in wanted}
        if not rated:
            rated = dict([(UNNAMED, name) for name in UNNAMED_COLUMNS if name in fields][:1])
        if not rated:
            raise RatingsError(
                source,
                f"no column holds ratings; it has {', '.join(map(str, record))}, and expected is one of "
                f"{', '.join(expected)}",
                line,
            )
        row = _Row(line, names or (system,), system, listeners[0] if listeners else None, of_system=not names)
        for axis, name in rated.items():
            value = fields[name]
            values = value if isinstance(value, list) else [] if value is None or value == "" else [value]
            if values:
                row.ratings[axis] = [_number(source, line, name, single) for single in values]
        yield row


def _from_list(source: str) -> Iterator[_Row]:
    for line, text in numbered_lines(source, "surrogateescape"):
        _, *rated = text.split(";")
        if rated and all(_is_number(cell.replace(",", ".")) for cell in rated):  # 3,5 for 3.5 goes with semicolons
            raise RatingsError(source, "looks separated by semicolons; commas are expected", line)
        cells = [cell.strip() for cell in _cells(source, line, text)]
        if len(cells) == 5 and not _is_number(cells[1]):
            system, name, rating, _, listener = cells
            ratings = {UNNAMED: [_number(source, line, "rating", rating)]}
            yield _Row(line, (name,), system, listener, ratings)
            continue
        axes = {2: (UNNAMED,), 3: musiceval.AXES}.get(len(cells))
        if axes is None:
            reason = f"{len(cells)} cells; a list without a header has name,rating or name,MI,TA or "
            raise RatingsError(source, reason + "system,name,rating,_,listener", line)
        found = _SYSTEM_IN_NAME.search(cells[0])
        ratings = {axis: [_number(source, line, axis or "rating", c)] for axis, c in zip(axes, cells[1:], strict=True)}
        yield _Row(line, (cells[0],), (found[1] or found[2]) if found else "", None, ratings)


def _gathered(source: str, rows: Iterator[_Row]) -> Ratings:
    """The rows, those of one clip put together."""
    axes: dict[str, None] = {}
    first: dict[str, _Row] = {}
    listeners: dict[str, dict[str, list[str]]] = {}
    heard: dict[tuple[str, str], int] = {}
    of_systems = False
    for row in rows:
        key = os.path.normpath(row.names[0])
        axes.update(dict.fromkeys(row.ratings))
        of_systems = of_systems or row.of_system
        if key not in first:
            first[key], listeners[key] = row, row.named
        elif row.listener is None or first[key].listener is None:
            reason = (
                f"'{row.names[0]}' is rated in line {first[key].line} already; a column listener tells single ratings"
            )
            raise RatingsError(source, reason, row.line)
        else:
            for axis, values in row.ratings.items():
                first[key].ratings.setdefault(axis, []).extend(values)
                listeners[key].setdefault(axis, []).extend(row.named[axis])
        if row.listener is not None:
            earlier = heard.setdefault((key, row.listener), row.line)
            if earlier != row.line:
                reason = f"listener '{row.listener}' has rated '{row.names[0]}' in line {earlier} already"
                raise RatingsError(source, reason, row.line)
    if not axes:
        raise RatingsError(source, "holds no rating")
    items = tuple(RatedItem(row.names, row.system, row.ratings, listeners[key]) for key, row in first.items())
    is_single = any(len(values) > 1 for item in items for values in item.ratings.values())
    return Ratings(source, tuple(axes), items, of_systems, is_single)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(source: str, line: int, name: str, value: object) -> float:
    number = math.nan
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
    if not math.isfinite(number):
        raise RatingsError(source, f"'{name}' is {value!r}, not a finite number", line)
    return number
