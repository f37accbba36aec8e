"""Score tables read back, row by row: CSV, JSON Lines, JSON and Parquet, of drasp or of anyone who keeps its columns.

Memory does not grow with the number of rows beyond eight bytes each, which the search for clips that stand twice needs.
"""

from __future__ import annotations

import csv
import json
import math
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.encodable import why_no_cell, why_no_name
from drasp_cli.errors import MissingExtraError, MixedModelsError, NoTableError, TableError
from drasp_cli.tables.real_places import RealPlaces
from drasp_cli.tables.score_table import FIXED_NAMES, FLAG_SEPARATOR

Fields = Mapping[str, object]
_CHUNK = 1 << 16
_OTHER_SEPARATORS = MappingProxyType({";": "semicolons", "\t": "tabs"})
_WRITTEN_BY_DRASP = frozenset({"path", "system", "model", "error"})


def find_tables(folder: str) -> list[str]:
    """The score tables of drasp directly in `folder`, by name.

    They are told by their columns from manifests, prompts and whatever else is there. A file is passed over only where
    it could be read and is something else: a table that is broken below or between its columns is listed, and refused
    by whoever reads it. An empty file is passed over too: the shell makes one of `> FILE` before any command starts.

    Raises:
        TableError: the folder cannot be listed, or a file in it that ends like a table cannot be read.
        MissingExtraError: one is called like Parquet, and pyarrow is not there to look.
    """
    try:
        candidates = [
            os.path.join(folder, entry.name)  # noqa: PTH118 - as the user would type it: a Path would drop './'
            for entry in sorted(Path(folder).iterdir())
            if entry.suffix.lower() in _READERS and not entry.name.startswith(".") and _is_file_or_broken_link(entry)
        ]
    except OSError as error:
        raise TableError(folder, f"cannot be listed: {error.strerror or error}") from None
    return [path for path in candidates if _holds_scores(path)]


def _is_file_or_broken_link(entry: Path) -> bool:
    return entry.is_file() or not entry.exists()


def _holds_scores(path: str) -> bool:
    """Whether the first row of a file, or of CSV the header alone, has the columns of a score table of drasp.

    Raises:
        TableError: the file cannot be read, or is so broken that its columns cannot be told, or has none.
    """
    try:
        if not Path(path).stat().st_size:
            return False
        columns = _csv_columns(path) if Path(path).suffix.lower() == ".csv" else next(read_fields(path), (0, {}))[1]
    except NoTableError:
        return False
    except OSError as error:
        raise _unreadable(path, error) from None
    if not columns:
        raise TableError(path, "has no rows")
    return _are_of_scores(columns)


def _are_of_scores(columns: Iterable[str]) -> bool:
    names = set(columns)
    return names >= _WRITTEN_BY_DRASP and not names <= FIXED_NAMES


def table_files(paths: Sequence[str]) -> list[str]:
    """The score tables that `paths` name: files as they are, folders by the tables in them.

    Raises:
        TableError: a folder holds none, or a file in it that ends like one cannot be read.
    """
    files: list[str] = []
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112
            found = find_tables(path)
            if not found:
                reason = "no score table is in this folder; drasp score FOLDER -o scores.csv writes one of its clips"
                raise TableError(path, reason)
            files.extend(found)
        else:
            files.append(path)
    return files


def is_score_table(path: str) -> bool:
    """Whether `path` is a file with the columns of a score table that drasp wrote; False for one that cannot be read.

    A pipe is no file: looking would take its first row away from whoever reads it.

    Raises:
        MissingExtraError: it is called like Parquet, and pyarrow is not there to look.
    """
    if not os.path.isfile(path):  # noqa: PTH113 - a Path for each of 10 M inputs is slow
        return False
    try:
        _, fields = next(read_fields(path))
    except (StopIteration, TableError):
        return False
    return _are_of_scores(fields)


def read_score_tables(paths: Sequence[str], *, allow_mixed: bool = False) -> Iterator[ClipScore]:
    """The rows of all tables, one after the other.

    Args:
        paths: score tables, and folders of them. `path`, `system` and one axis are all the columns that a table needs.
        allow_mixed: take rows that several models scored, or revisions of one.

    Raises:
        TableError: a table cannot be read, misses a column, or holds something that is no score; a clip stands in the
            tables twice.
        MixedModelsError: two models scored the rows, and that is not allowed.
    """
    files = table_files(paths)
    _refuse_same_file(files)
    hashes = array("q")
    places = RealPlaces()
    first_model: tuple[str, str, int] | None = None
    for file in files:
        for line, row in _read_table(file):
            if row.model and not allow_mixed:
                first_model = first_model or (row.model, file, line)
                if row.model != first_model[0]:
                    other = f"'{first_model[0]}' in {first_model[1]}:{first_model[2]}"
                    reason = f"scored by '{row.model}', but by {other}; models are not mixed unasked"
                    raise MixedModelsError(file, reason, line)
            hashes.append(hash(_key(row, places)))
            yield row
    _refuse_twins(files, hashes, places)


# ----------------------------------------------------------------------------------------------------- rows


def _read_table(source: str) -> Iterator[tuple[int, ClipScore]]:
    """(line or row number, row) for each row of one table."""
    axes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    for line, fields in read_fields(source):
        if tuple(fields) != names:
            names, axes = tuple(fields), _axes_of(source, line, fields)
        yield line, _row(source, line, fields, axes)
    if not names:
        raise TableError(source, "has no rows")


def _axes_of(source: str, line: int, fields: Fields) -> tuple[str, ...]:
    missing = [name for name in ("path", "system") if name not in fields]
    if missing:
        raise TableError(source, f"has no column '{missing[0]}'; its columns are {', '.join(fields)}", line)
    axes = tuple(name for name in fields if name not in FIXED_NAMES)
    for name in axes:
        if (reason := why_no_name(name)) is not None:
            raise TableError(source, f"the name of column '{name}' {reason}", line)
    if not axes:
        raise TableError(source, f"has no axis; its columns are {', '.join(fields)}", line)
    return axes


def _row(source: str, line: int, fields: Fields, axes: Sequence[str]) -> ClipScore:
    def text(name: str) -> str:
        value = fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise TableError(source, f"'{name}' is not text: {value!r}", line)
        if (reason := why_no_cell(name, str(value))) is not None:
            raise TableError(source, f"'{name}' {reason}", line)
        return str(value)

    def number(name: str) -> float | None:
        return _number(source, line, name, fields.get(name))

    def count(name: str) -> int | None:
        value = number(name)
        return None if value is None else int(value)

    if not text("path"):
        raise TableError(source, "'path' is empty", line)
    flags = text("flags")
    return ClipScore(
        Clip(text("path"), text("id"), text("system"), text("prompt") or None, number("start"), number("end")),
        {axis: number(axis) for axis in axes},
        seconds=number("seconds"),
        windows=count("windows") or 0,
        sample_rate=count("sample_rate"),
        flags=tuple(flags.split(FLAG_SEPARATOR)) if flags else (),
        model=text("model"),
        error=text("error"),
    )


def _number(source: str, line: int, name: str, value: object) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    reason = f"'{name}' is not a finite number: {value!r}"
    if name not in FIXED_NAMES:
        reason += f"; '{name}' is taken for an axis, since score tables have no other column of that name"
    raise TableError(source, reason, line)


# ---------------------------------------------------------------------------------------------------- twins


def _key(row: ClipScore, places: RealPlaces) -> tuple[str, str, float | None, float | None]:
    """What makes two rows the same clip, whichever model scored them: it would count twice in the mean."""
    return places.of(row.clip.path), row.clip.id, row.clip.start, row.clip.end


def _refuse_same_file(files: Sequence[str]) -> None:
    seen: set[str] = set()
    for file in files:
        real = os.path.realpath(file)
        if real in seen:
            raise TableError(file, "is given twice; its clips would count twice")
        seen.add(real)


def _refuse_twins(files: Sequence[str], hashes: array[int], places: RealPlaces) -> None:
    """Refuse a clip that two rows score. Rows of equal hash are read again, to be sure and to say where they are."""
    import numpy as np

    ordered = np.sort(np.frombuffer(hashes, np.int64)) if hashes else np.empty(0, np.int64)
    suspects = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    if not suspects:
        return
    seen: dict[object, str] = {}
    for file in files:
        for line, row in _read_table(file):
            key = _key(row, places)
            if hash(key) in suspects:
                first = seen.setdefault(key, f"{file}:{line}")
                if first != f"{file}:{line}":
                    raise TableError(file, f"'{row.clip.path}' stands already in {first}; it would count twice", line)


# -------------------------------------------------------------------------------------------------- formats


def read_fields(source: str) -> Iterator[tuple[int, Fields]]:
    """(number, column -> value) for each row; the number is the line it ends in, or in Parquet its row."""
    ending = Path(source).suffix.lower()
    if ending not in _READERS:
        raise TableError(source, f"is no score table by its ending, which is one of {', '.join(_READERS)}")
    try:
        yield from _READERS[ending](source)
    except OSError as error:
        raise _unreadable(source, error) from None


def _unreadable(source: str, error: OSError) -> TableError:
    return TableError(source, f"cannot be read: {error.strerror or error}")


def _csv_columns(source: str) -> list[str]:
    """The columns that a CSV file names, whatever stands between them; none for an empty file."""
    with _open_csv(source) as stream:
        reader = csv.reader(stream, strict=True)
        try:
            header = next((row for row in reader if row), [])
        except csv.Error as error:
            raise TableError(source, f"is not well-formed CSV: {error}", reader.line_num) from None
    separator = _other_separator(header)
    return header[0].split(separator) if separator else header


def _open_csv(source: str) -> IO[str]:
    return Path(source).open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _other_separator(header: Sequence[str]) -> str | None:
    """What separates the columns of a header instead of commas; None where commas do, or there is one column."""
    return next((mark for mark in _OTHER_SEPARATORS if len(header) == 1 and mark in header[0]), None)


def _read_csv(source: str) -> Iterator[tuple[int, Fields]]:
    with _open_csv(source) as stream:
        reader = csv.reader(stream, strict=True)
        try:
            header = next((row for row in reader if row), [])
            if separator := _other_separator(header):
                reason = f"looks separated by {_OTHER_SEPARATORS[separator]}; commas are expected"
                raise TableError(source, reason, reader.line_num)
            if len(set(header)) < len(header):
                twice = next(name for name in header if header.count(name) > 1)
                raise TableError(source, f"column '{twice}' is named twice", reader.line_num)
            for row in reader:
                if row and len(row) != len(header):
                    reason = f"{len(row)} cells where the header has {len(header)}"
                    raise TableError(source, reason, reader.line_num)
                if row:
                    yield reader.line_num, dict(zip(header, row, strict=True))
        except csv.Error as error:
            raise TableError(source, f"is not well-formed CSV: {error}", reader.line_num) from None


def _read_jsonl(source: str) -> Iterator[tuple[int, Fields]]:
    with Path(source).open("rb") as stream:
        for line, raw in enumerate(stream, start=1):
            if raw.strip():
                try:
                    yield line, _object(source, line, json.loads(raw, parse_constant=_refuse_constant))
                except ValueError as error:
                    raise TableError(source, f"is not JSON: {error}", line) from None
                except RecursionError:
                    raise TableError(source, "is JSON nested too deep", line) from None


def _read_json(source: str) -> Iterator[tuple[int, Fields]]:
    """The objects of an array, without holding all of it."""
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    with Path(source).open(encoding="utf-8-sig", errors="surrogateescape") as stream:
        text, at, line = "", 0, 1
        expected = "["
        while True:
            at, line = _skip_space(text, at, line)
            if at == len(text):
                text, at = stream.read(_CHUNK), 0
                if not text:
                    raise TableError(source, "ends inside its JSON array", line)
                continue
            if text[at] == "]" and expected in (",", "first row or ]"):
                _refuse_rest(source, text[at + 1 :], line, stream)
                return
            if expected in ("[", ","):
                if text[at] != expected:
                    unlike = NoTableError if expected == "[" else TableError
                    raise unlike(source, f"is not a JSON array of rows: '{expected}' is expected", line)
                at, expected = at + 1, "first row or ]" if expected == "[" else "row"
                continue
            try:
                value, end = decoder.raw_decode(text, at)
            except ValueError as error:
                # As much again as is there: a row is decoded anew each time, in all about three times its length.
                more = stream.read(max(_CHUNK, len(text) - at))
                if not more and at == 0:  # else once more, so that the error counts from the row
                    raise TableError(source, f"is not JSON: {error}", line) from None
                text, at = text[at:] + more, 0
                continue
            except RecursionError:
                raise TableError(source, "is JSON nested too deep", line) from None
            yield line, _object(source, line, value)
            line += text.count("\n", at, end)
            at, expected = end, ","


def _refuse_rest(source: str, text: str, line: int, stream: IO[str]) -> None:
    """Refuse a file in which anything but space stands behind the array: what is not read is not to be lost unsaid."""
    while True:
        at, line = _skip_space(text, 0, line)
        if at < len(text):
            raise TableError(source, "goes on behind its array", line)
        text = stream.read(_CHUNK)
        if not text:
            return


def _skip_space(text: str, at: int, line: int) -> tuple[int, int]:
    """The place of the next character of `text` from `at` on that is no space, or its end; and the line it is in."""
    while at < len(text) and text[at] in " \t\r\n":
        line += text[at] == "\n"
        at += 1
    return at, line


def _object(source: str, line: int, value: object) -> Fields:
    if not isinstance(value, dict):
        raise NoTableError(source, "a row is to be a JSON object", line)
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _read_parquet(source: str) -> Iterator[tuple[int, Fields]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("parquet", "reading Parquet") from None
    number = 0
    try:
        with pq.ParquetFile(source) as file:
            for batch in file.iter_batches(batch_size=8192):
                for fields in batch.to_pylist():
                    number += 1
                    # pandas keeps a missing number as NaN
                    yield number, {name: None if value != value else value for name, value in fields.items()}
    except pa.ArrowInvalid as error:
        raise TableError(source, f"is not Parquet: {error}") from None


_READERS: MappingProxyType[str, Callable[[str], Iterator[tuple[int, Fields]]]] = MappingProxyType(
    {".csv": _read_csv, ".jsonl": _read_jsonl, ".json": _read_json, ".parquet": _read_parquet}
)
