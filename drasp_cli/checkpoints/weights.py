"""A `.safetensors` file as the bytes of its tensors, read without torch, in memory of its own, aligned as torch's.

The safetensors library reads the header and checks it; the bytes are read here. The library's own way is to map the
file. What is mapped may change under a predictor's feet, so it would have to be copied; and its offsets have no
alignment, on which speed, and the last bit of MKL's products, depend.
"""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from drasp_cli.errors import CheckpointError

ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
"""Bytes of one value, for each type that a tensor may have here."""

ALIGNMENT = 64
"""Bytes; that of torch's own tensors on a CPU."""

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


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the header says of a tensor."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape) * ITEM_BYTES[self.dtype]


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
            entries = _entries(path)
            status = os.fstat(file.fileno())
            if not os.path.samestat(status, path.stat()):
                raise CheckpointError(str(path), "was replaced while it was read; repeat the command")
            return _read(file, status.st_size, entries, seen)
    except FileNotFoundError:
        raise CheckpointError(str(path), "is not there") from None
    except (OSError, SafetensorError) as error:
        raise CheckpointError(str(path), f"is not a readable safetensors file ({error})") from error


def _entries(path: Path) -> list[_Entry]:
    """All tensors in the order of the file, in which they lie one behind the other, up to its end.

    Raises:
        CheckpointError: a tensor is of a type that is not read here.
    """
    with safe_open(path, framework="numpy") as file:
        fields = [(name, file.get_slice(name)) for name in file.offset_keys()]
    entries = [_Entry(name, field.get_dtype(), tuple(field.get_shape())) for name, field in fields]
    if strange := [f"{entry.name} is {entry.dtype}" for entry in entries if entry.dtype not in ITEM_BYTES]:
        raise CheckpointError(str(path), f"tensors of a type that is none of {', '.join(ITEM_BYTES)}", strange)
    return entries


def _read(
    file: FileIO, size: int, entries: list[_Entry], seen: Callable[[bytes | memoryview], object]
) -> dict[str, RawTensor]:
    seen(_taken(file, bytearray(size - sum(entry.size for entry in entries))))  # the header
    # One map for all: memory in small pages, asked for at once. Huge pages, which numpy would ask for, are dearer where
    # they are new to a virtual machine (2.6 against 0.8 s of processor for 776 MB, hashing included).
    memory = memoryview(mmap.mmap(-1, max(1, sum(_aligned(entry.size) for entry in entries)), **_PRIVATE))
    tensors, place, begin = {}, 0, 0
    for entry in entries:
        tensors[entry.name] = RawTensor(entry.dtype, entry.shape, memory[place : place + entry.size])
        place += entry.size
        # What lies gapless here as it does in the file is read by one call: behind each, Python's lock is to be had
        # again, and another thread that imports something lets go of it every 5 ms only.
        if entry.size != _aligned(entry.size) or entry is entries[-1]:
            seen(_taken(file, memory[begin:place]))
            begin = place = _aligned(place)
    return tensors


def _taken(file: FileIO, memory: Any) -> memoryview:
    """Fills memory with the next bytes of a file; one call reads at most 2 GB."""
    filled, whole = 0, memoryview(memory)
    while filled < len(whole):
        count = file.readinto(whole[filled:])
        if not count:
            raise OSError("it ends too early")
        filled += count
    return whole


def _aligned(size: int) -> int:
    """Bytes up to where the next tensor may begin.

    >>> _aligned(0), _aligned(1), _aligned(64)
    (0, 64, 64)
    """
    return -(-size // ALIGNMENT) * ALIGNMENT
