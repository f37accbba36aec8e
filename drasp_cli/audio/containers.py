"""What the first and last bytes of an audio file tell before it is decoded: who can read it, and whether it is whole.

libsndfile opens a WAV, W64, AIFF, AU or OGG file whose end is missing as if it were a shorter file; that is found out
here. So does it with a CAF file that lacks a few kilobytes; one that lacks more it refuses.
"""

from __future__ import annotations

import os
from io import FileIO
from typing import Literal

_SLACK = 64  # bytes; some writers count a padding byte or the header of a chunk that never came
_PLACEHOLDER = 0x7FFF0000  # bytes; programs that write to a pipe declare this much or more, or nothing at all
_W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_W64_FIRST_CHUNK = 40  # bytes: a chunk's header, and the GUID of the form
_W64_HEADER = 24  # bytes of a GUID and a size, which counts them
_W64_PLACEHOLDER = 1 << 62  # bytes; programs that write to a pipe declare 2^63 - 1, or 2^64 - 1
_CAF_FIRST_CHUNK = 8  # bytes of magic, version and flags
_CAF_HEADER = 12  # bytes of a name and a size, which does not count them
_AU_BYTE_ORDERS: dict[bytes, Literal["big", "little"]] = {b".snd": "big", b"dns.": "little"}
_OGG_TAIL = 1 << 17  # bytes; an OGG page has at most 65,307
_OGG_HEADER = 27  # bytes before the segment table of a page
_OGG_LAST_PAGE = 0x04


def needs_pyav(head: bytes) -> bool:
    """Whether a file that begins with these 16 bytes is MP4 or M4A, WebM or Matroska, raw AAC, or WMA."""
    is_adts_aac = len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0  # an MPEG header with layer "none"
    return head[4:8] == b"ftyp" or head.startswith((b"\x1aE\xdf\xa3", b"0&\xb2u\x8ef\xcf\x11")) or is_adts_aac


def is_cut_off(file: FileIO) -> bool:
    """Whether a file ends before its own header, or last page, says.

    Known of WAV, RF64, W64, AIFF, CAF, AU and OGG; False for other formats. A length that was never filled in, as in
    WAV written to a pipe, promises nothing.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    head = file.read(12)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:] == b"WAVE":
        return _chunk_is_cut_off(file, size, b"data", "big" if head[:4] == b"RIFX" else "little")
    if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        return _chunk_is_cut_off(file, size, b"SSND", "big")
    if head[:4] == b"caff":
        return _caf_is_cut_off(file, size)
    if head[:4] in _AU_BYTE_ORDERS:
        return _au_is_cut_off(head, size, _AU_BYTE_ORDERS[head[:4]])
    if head == _W64_RIFF[:12]:
        return _w64_is_cut_off(file, size)
    if head[:4] == b"OggS":
        return _ogg_is_cut_off(file, size)
    return False


def _chunk_is_cut_off(file: FileIO, size: int, wanted: bytes, order: str) -> bool:
    """Walk the chunks of an IFF file to the one that holds the samples; `file` stands behind the 12-byte header."""
    long_size = None
    while len(header := file.read(8)) == 8:
        name, declared = header[:4], int.from_bytes(header[4:], order)  # type: ignore[arg-type]
        start = file.tell()
        if name == b"ds64":  # RF64 keeps the sizes of long files here: riff, then data, 8 bytes each
            long_size = int.from_bytes(file.read(16)[8:], "little")
        if name == wanted:
            if long_size is None and declared >= _PLACEHOLDER:
                return False
            return start + (declared if long_size is None else long_size) > size + _SLACK
        file.seek(start + declared + declared % 2)
    return False


def _w64_is_cut_off(file: FileIO, size: int) -> bool:
    """Walk the chunks of a Wave64 file, which begin at multiples of 8 bytes, to the one that holds the samples."""
    start = _W64_FIRST_CHUNK
    while start + _W64_HEADER <= size:
        file.seek(start)
        header = file.read(_W64_HEADER)
        declared = int.from_bytes(header[16:], "little")
        if header[:16] == _W64_DATA:
            return declared < _W64_PLACEHOLDER and start + declared > size + _SLACK
        start += max(declared + -declared % 8, _W64_HEADER)
    return False


def _caf_is_cut_off(file: FileIO, size: int) -> bool:
    """Walk the chunks of a CAF file to the one that holds the samples; a size of -1 there reaches to the end."""
    start = _CAF_FIRST_CHUNK
    while start + _CAF_HEADER <= size:
        file.seek(start)
        header = file.read(_CAF_HEADER)
        declared = int.from_bytes(header[4:], "big", signed=True)
        start += _CAF_HEADER
        if header[:4] == b"data":
            return start + declared > size + _SLACK
        start += max(declared, 0)
    return False


def _au_is_cut_off(head: bytes, size: int, order: Literal["big", "little"]) -> bool:
    """By the two numbers behind the magic: where the samples begin, and how many bytes of them there are."""
    start, declared = int.from_bytes(head[4:8], order), int.from_bytes(head[8:12], order)
    return declared < _PLACEHOLDER and start + declared > size + _SLACK


def _ogg_is_cut_off(file: FileIO, size: int) -> bool:
    """Whether the last page is incomplete or not marked as the last of its stream."""
    file.seek(max(size - _OGG_TAIL, 0))
    tail = file.read()
    last = tail.rfind(b"OggS")
    page = tail[last:]
    if last < 0 or len(page) < _OGG_HEADER:
        return True
    segments = page[26]
    length = _OGG_HEADER + segments + sum(page[_OGG_HEADER : _OGG_HEADER + segments])
    return len(page) < length or not page[5] & _OGG_LAST_PAGE
