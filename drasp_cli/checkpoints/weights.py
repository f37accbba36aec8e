"""A `.safetensors` file as the bytes of its tensors, read without torch, in memory of its own, aligned as torch's.

    8 bytes: length of the header, little-endian | header, JSON | the tensors, one behind the other, without gaps
    header: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {...}}

The safetensors library maps the file instead. What is mapped may change under a predictor's feet, so it would have to
be copied; and its offsets have no alignment, on which speed, and the last bit of MKL's products, depend.

Source: https://huggingface.co/docs/safetensors, "Format", as of version 0.8.
"""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from drasp_cli.errors import CheckpointError

ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
"""Bytes of one value, for each type that a tensor may have here."""

ALIGNMENT = 64
"""Bytes; that of torch's own tensors on a CPU."""

_LONGEST_HEADER = 100_000_000  # bytes, as in the safetensors library
_MOST_VALUES = 2**63 - 1  # that torch can count
# Private, so that a process that forks shares nothing that is written. Windows has no fork, and no other memory.
_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


@dataclass(frozen=True, slots=True)
class RawTensor:
    """One tensor.

    Attributes:
        dtype: a key of `ITEM_BYTES`.
        shape: sizes of its axes.
        data: its values, row by row; writable, nobody else's, and aligned to `ALIGNMENT`.
    """

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


class _MalformedError(Exception):
    """The file breaks the format; the message says how."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_weights(path: Path, seen: Callable[[bytes | memoryview], object] = lambda _: None) -> dict[str, RawTensor]:
    """The tensors of a file, by name.

    Args:
        path: a `.safetensors` file.
        seen: called with every byte of the file, in order, as it was read: for a digest of the very bytes that come
            back.

    Raises:
        CheckpointError: the file is not there, or not readable.
    """
    try:
        with FileIO(path) as file:
            return _read(file, os.fstat(file.fileno()).st_size, seen)
    except FileNotFoundError:
        raise CheckpointError(str(path), "is not there") from None
    except (OSError, _MalformedError) as error:
        raise CheckpointError(str(path), f"is not a readable safetensors file ({error})") from error


def _read(file: FileIO, size: int, seen: Callable[[bytes | memoryview], object]) -> dict[str, RawTensor]:
    length = _taken(file, bytearray(8))
    header_bytes = int.from_bytes(length, "little")
    if header_bytes > min(_LONGEST_HEADER, size - 8):
        raise _MalformedError(f"its header would be {header_bytes:,} bytes long")
    header = _taken(file, bytearray(header_bytes))
    seen(length)
    seen(header)
    entries = _entries(bytes(header), size - 8 - header_bytes)
    # One map for all: memory in small pages, asked for at once. Huge pages, which numpy would ask for, are dearer where
    # they are new to a virtual machine (2.6 against 0.8 s of processor for 776 MB, hashing included).
    memory = memoryview(mmap.mmap(-1, max(1, sum(_aligned(entry.end - entry.begin) for entry in entries)), **_PRIVATE))
    tensors, place = {}, 0
    for entry in entries:
        data = memory[place : place + entry.end - entry.begin]
        seen(_taken(file, data))
        tensors[entry.name] = RawTensor(entry.dtype, entry.shape, data)
        place += _aligned(len(data))
    return tensors


def _taken(file: FileIO, memory: Any) -> memoryview:
    """Fills memory with the next bytes of a file; one call reads at most 2 GB."""
    filled, whole = 0, memoryview(memory)
    while filled < len(whole):
        count = file.readinto(whole[filled:])
        if not count:
            raise _MalformedError("it ends too early")
        filled += count
    return whole


def _aligned(size: int) -> int:
    """Bytes up to where the next tensor may begin.

    >>> _aligned(0), _aligned(1), _aligned(64)
    (0, 64, 64)
    """
    return -(-size // ALIGNMENT) * ALIGNMENT


def _entries(header: bytes, data_bytes: int) -> list[_Entry]:
    """What the header says of each tensor, in the order of the file; they must fill its `data_bytes` without gaps."""
    try:
        fields = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise _MalformedError(f"its header is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise _MalformedError("its header is not a JSON object")
    fields.pop("__metadata__", None)
    entries = sorted((_entry(*field) for field in fields.items()), key=lambda entry: (entry.begin, entry.end))
    place = 0
    for entry in entries:
        if entry.begin != place:
            raise _MalformedError(f"{entry.name} begins at byte {entry.begin:,} of the data, expected {place:,}")
        place = entry.end
    if place != data_bytes:
        raise _MalformedError(f"it holds {data_bytes:,} bytes of data, and its header tells of {place:,}")
    return entries


def _entry(name: str, field: Any) -> _Entry:
    try:
        dtype, shape, (begin, end) = field["dtype"], tuple(field["shape"]), field["data_offsets"]
        item = ITEM_BYTES[dtype]
    except (KeyError, TypeError, ValueError) as error:
        raise _MalformedError(f"what it says of {name} is not understood: {field}") from error
    if not all(type(number) is int and number >= 0 for number in (*shape, begin, end)):
        raise _MalformedError(f"a size or an offset of {name} is not a number: {field}")
    if math.prod(max(1, side) for side in shape) > _MOST_VALUES or math.prod(shape) * item != end - begin:
        raise _MalformedError(f"{name} has {end - begin:,} bytes, which is not what {list(shape)} of {dtype} needs")
    return _Entry(name, dtype, shape, begin, end)
