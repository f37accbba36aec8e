"""A picture of at most sixteen colours as a PNG file (W3C Recommendation, third edition, 2025)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTH, _PALETTE = 4, 3  # bits of a pixel; the colour type whose pixels are numbers of colours


def png(pixels: np.ndarray, colors: Sequence[str]) -> bytes:
    """The bytes of the file.

    Args:
        pixels: (rows, columns) numbers of colours, the top row first.
        colors: at most sixteen, as `#rrggbb`.
    """
    rows, columns = pixels.shape
    even = np.pad(pixels.astype(np.uint8), ((0, 0), (0, columns % 2)))
    packed = even[:, ::2] << 4 | even[:, 1::2]
    lines = np.pad(packed, ((0, 0), (1, 0)))  # each line begins with its filter: none
    header = struct.pack(">IIBBBBB", columns, rows, _DEPTH, _PALETTE, 0, 0, 0)
    palette = bytes.fromhex("".join(color.removeprefix("#") for color in colors))
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
