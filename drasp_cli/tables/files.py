"""A whole file in one step: it is there complete, or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

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
    check_folder(path)


def check_folder(path: str) -> None:
    """Check, before its content is there, that a file of any kind could be written to `path`.

    Raises:
        OutputError: there is no such folder, or `path` is one.
    """
    if Path(path).is_dir():
        raise OutputError(f"{path}: cannot be written: is a directory")
    place = Path(os.path.realpath(path)) if Path(path).is_symlink() else Path(path)
    if not place.parent.is_dir():
        raise OutputError(f"{path}: cannot be written: there is no folder {place.parent}")


def write_table(path: str, columns: Sequence[Column], records: Iterable[Record]) -> None:
    """Writes `records`, in the format that the ending of `path` names, replacing what was there.

    Raises:
        OutputError: the ending names no format, or the file cannot be written.
        MissingExtraError: Parquet without pyarrow.
    """
    name = format_of(path)
    require_format(name)
    try:
        with replacing(path) as stream:
            writer = open_writer(name, columns, stream)
            writer.write(records)
            writer.close()
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file `path` when the block ends well, and nothing when it does not.

    Until then they are in a file beside it, whose name nobody else has: what is called so already is never opened. It
    is replaced as `cp` would: the file that a link leads to, and the mode of the old one stays. What is no file, such
    as a pipe or a device, is written to.

    Raises:
        OSError: the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        old_mode = Path(path).stat().st_mode
    except FileNotFoundError:
        old_mode = None
    if old_mode is not None and not stat.S_ISREG(old_mode):
        with Path(path).open("wb") as stream:
            yield stream
        return
    part = Path(f"{target}.{secrets.token_hex(4)}.part")
    stream = part.open("xb")
    try:
        with stream:
            if old_mode is not None:
                part.chmod(stat.S_IMODE(old_mode))  # before there is anything to read
            yield stream
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
