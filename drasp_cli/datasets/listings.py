"""Files that name clips: list files, CSV and JSONL manifests, Kaldi `wav.scp`.

A relative path in such a file starts either at the working directory or at the file's own folder: both habits are
common. One file has one base, decided by where its first entries exist, and nothing is guessed: where both places
hold an entry, or some entries exist only here and others only there, the file is refused.

A file of prompts is easily named where clips are asked for. It is told from a list by its first entries too: none of
them exists, and none ends like audio.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from drasp_cli.datasets.folders import is_audio_name
from drasp_cli.datasets.lines import csv_records, jsonl_records, numbered_lines
from drasp_cli.datatypes import Clip
from drasp_cli.encodable import why_no_cell
from drasp_cli.errors import InputError

_LOOKED_AT = 1000  # entries whose existence is asked for: enough to see a mix, few enough for a network disk
_PROMPT_NAMES = frozenset({"prompt", "text"})  # columns that only a file of prompts has without a path


def read_listing(source: str) -> Iterator[Clip]:
    """The clips that the file `source` names, in its order, with paths as they would be typed here.

    The ending says the format: `.txt` one path a line, `.csv` and `.jsonl` manifests, `.scp` Kaldi.

    Raises:
        InputError: with the line, for anything in the file that cannot be understood; a list that names no clip.
    """
    rows = _READERS[listing_ending(source)](source)
    head = list(itertools.islice(rows, _LOOKED_AT))
    if listing_ending(source) == ".txt":
        _refuse_prose(source, [clip.path for _, clip in head])
    return _with_base(source, head, itertools.chain(head, rows))


def names_a_file(source: str) -> bool:
    """Whether any of the first entries of the listing `source` exists.

    Raises:
        InputError: as `read_listing`.
    """
    return any(os.path.exists(clip.path) for clip in itertools.islice(read_listing(source), _LOOKED_AT))  # noqa: PTH110


def is_listing_name(path: str) -> bool:
    """Whether an INPUT called `path` is a file of clip names rather than a clip."""
    return listing_ending(path) in _READERS


def listing_ending(path: str) -> str:
    """The ending of `path` in lower case, with its dot."""
    return Path(path).suffix.lower()


def check_path(source: str, line: int | None, path: str) -> str:
    """`path` itself, unless no file can be called so."""
    if "\0" in path:
        raise InputError(source, "a path with a NUL byte; NUL-separated paths are read from standard input only", line)
    return path


# ------------------------------------------------------------------------------------------------- formats


def _read_list(source: str) -> Iterator[tuple[int, Clip]]:
    for line, path in numbered_lines(source, "surrogateescape"):
        yield line, Clip(check_path(source, line, path))


def _read_scp(source: str) -> Iterator[tuple[int, Clip]]:
    for line, text in numbered_lines(source, "surrogateescape"):
        name, _, path = text.strip().partition(" " if "\t" not in text else "\t")
        path = path.strip()
        if not path:
            raise InputError(source, "'<id> <path>' is expected", line)
        if path.endswith("|"):
            raise InputError(source, "is a pipe; commands in a wav.scp are not run, name the audio file itself", line)
        yield line, Clip(check_path(source, line, path), id=name)


def _read_csv(source: str) -> Iterator[tuple[int, Clip]]:
    for line, cells in csv_records(source, "surrogateescape"):
        # An empty cell says nothing, and a cell is always text: numbers are read out of it.
        record: dict[str, object] = {name: cell for name, cell in cells.items() if cell.strip()}
        if "path" not in cells:
            reason = f"has no column 'path'; its columns are {', '.join(cells)}"
            raise InputError(source, reason + _perhaps_prompts(source, cells), 1)
        for name in ("start", "start_time", "end", "end_time"):
            if name in record:
                record[name] = _number_in(source, line, name, cells[name])
        yield line, _clip(source, line, record)


def _read_jsonl(source: str) -> Iterator[tuple[int, Clip]]:
    for line, record in jsonl_records(source, "surrogateescape"):
        if "path" not in record:
            raise InputError(source, "'path' is missing" + _perhaps_prompts(source, record), line)
        yield line, _clip(source, line, record)


_READERS = {".txt": _read_list, ".csv": _read_csv, ".jsonl": _read_jsonl, ".scp": _read_scp}


# -------------------------------------------------------------------------------------------- manifest rows


def _clip(source: str, line: int, record: Mapping[str, object]) -> Clip:
    path = _text(source, line, record, "path")
    if not path:
        raise InputError(source, "'path' is missing or empty", line)
    start = _seconds(source, line, record, "start")
    end = _seconds(source, line, record, "end")
    if end is not None and end <= (start or 0.0):
        raise InputError(
            source, f"the time range ends at {end:.12g} s, not after its start at {start or 0.0:.12g} s", line
        )
    prompt = _text(source, line, record, "prompt").strip()
    return Clip(
        check_path(source, line, path),
        id=_text(source, line, record, "id"),
        system=sys.intern(_text(source, line, record, "system")),  # a few names stand in millions of rows
        prompt=sys.intern(prompt) or None,
        start=start,
        end=end,
    )


def _text(source: str, line: int, record: Mapping[str, object], name: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and name in ("id", "system"):
        return str(value)
    if not isinstance(value, str):
        raise InputError(source, f"'{name}' is not text: {value!r}", line)
    if (reason := why_no_cell(name, value)) is not None:
        raise InputError(source, f"'{name}' {reason}", line)
    return value


def _seconds(source: str, line: int, record: Mapping[str, object], name: str) -> float | None:
    """A time in seconds from `start_time` or `end_time`, or from `start` or `end` as score tables have it."""
    given = [key for key in (f"{name}_time", name) if record.get(key) is not None]
    if len(given) == 2:
        raise InputError(source, f"has both '{given[0]}' and '{given[1]}'", line)
    if not given:
        return None
    value = record[given[0]]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(source, f"'{given[0]}' is not a number: {value!r}", line)
    try:
        seconds = float(value)
    except OverflowError:  # an integer of hundreds of digits
        seconds = math.inf
    if not (math.isfinite(seconds) and seconds >= 0):
        raise InputError(source, f"'{given[0]}' is not a time in seconds from 0 on: {seconds}", line)
    return seconds


def _number_in(source: str, line: int, name: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise InputError(source, f"'{name}' is not a number: {cell!r}", line) from None


# ----------------------------------------------------------------------------------------- prompts, not clips


def prompts_advice(source: str) -> str:
    """What to write where `source` was named as an INPUT and holds prompts."""
    return f"if it holds prompts, name the clips and add --prompts {source}"


def _perhaps_prompts(source: str, columns: Iterable[str]) -> str:
    """The advice, as the end of an error about a manifest without paths, where its columns look like prompts."""
    return f"; {prompts_advice(source)}" if _PROMPT_NAMES.intersection(columns) else ""


def _refuse_prose(source: str, head: Sequence[str]) -> None:
    """Refuse a list whose first lines are no names of clips. One that ends like audio is a name, though it be gone."""
    folder = os.path.dirname(source)  # noqa: PTH120
    if head and not any(
        is_audio_name(line) or os.path.exists(line) or os.path.exists(os.path.join(folder, line))  # noqa: PTH110, PTH118
        for line in head
    ):
        reason = (
            "is read as a list of clips, but none of its first lines names a file that is there, or ends like audio"
        )
        raise InputError(source, f"{reason}; {prompts_advice(source)}")


# ---------------------------------------------------------------------------------------------------- base


def _with_base(source: str, head: list[tuple[int, Clip]], rows: Iterable[tuple[int, Clip]]) -> Iterator[Clip]:
    """The clips of `rows`, with the file's folder put before relative paths when that is where those of `head` are."""
    folder = os.path.dirname(source)  # noqa: PTH120 - kept as typed: a Path would drop './'
    if not folder or os.path.samefile(folder, "."):  # noqa: PTH121
        for _, clip in rows:
            yield clip
        return
    in_folder = _base_is_folder(source, folder, head)
    for _, clip in rows:
        if in_folder and not os.path.isabs(clip.path):  # noqa: PTH117
            yield Clip(f"{folder}/{clip.path}", clip.id, clip.system, clip.prompt, clip.start, clip.end)
        else:
            yield clip


def _base_is_folder(source: str, folder: str, head: list[tuple[int, Clip]]) -> bool:
    here: tuple[int, str] | None = None  # the first entry that exists only from the working directory
    there: tuple[int, str] | None = None  # the first one that exists only from the file's own folder
    for line, clip in head:
        if os.path.isabs(clip.path):  # noqa: PTH117
            continue
        beside = f"{folder}/{clip.path}"
        is_here, is_there = os.path.exists(clip.path), os.path.exists(beside)  # noqa: PTH110
        if is_here and is_there and not os.path.samefile(clip.path, beside):  # noqa: PTH121
            spellings = f"write '{os.path.abspath(clip.path)}' or '{os.path.abspath(beside)}'"  # noqa: PTH100
            reason = f"'{clip.path}' exists both in the working directory and beside the list; {spellings}"
            raise InputError(source, reason, line)
        if is_here and not is_there:
            here = here or (line, clip.path)
        if is_there and not is_here:
            there = there or (line, clip.path)
    if here and there:
        reason = (
            f"its paths have two bases: '{there[1]}' (line {there[0]}) exists only beside the list, "
            f"'{here[1]}' only in the working directory; write them relative to one of the two, or absolute"
        )
        raise InputError(source, reason, here[0])
    return there is not None
