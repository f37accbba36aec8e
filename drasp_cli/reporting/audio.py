"""Where the page finds a clip's audio: a link relative to the page, or the bytes themselves."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import quote

from drasp_cli.datatypes import Clip
from drasp_cli.errors import AudioError

# What browsers are to be told; the rest is told by its ending alone, and some of it no browser plays.
_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".webm": "audio/webm",
}


def is_there(path: str) -> bool:
    """Whether there is such a file. A path that no file can have, as a table of strangers may hold, is none."""
    try:
        return os.path.isfile(path)  # noqa: PTH113 - a Path for each of 20,000 clips is slow
    except ValueError:  # a NUL in it
        return False


def link_to_folder(folder: str, page: str) -> str:
    """Address of a folder of clips, as the page's own file sees it, up to and with the last slash.

    Every byte that may mean something in an address is quoted, so that no name can become a scheme or a query.

    Args:
        folder: as in the paths of clips, from where the command runs; empty for that folder itself.
        page: the file that the page is written to.
    """
    there, here = Path(os.path.abspath(folder)), Path(os.path.abspath(page)).parent  # noqa: PTH100 - keep symlinks
    try:
        relative = os.path.relpath(there, here)
    except ValueError:  # of another drive
        return there.as_uri() + "/"
    return "" if relative == "." else link_to_name(relative.replace(os.sep, "/")) + "/"


def link_to_name(name: str) -> str:
    r"""A file name, or a path with slashes, quoted for an address, byte by byte.

    >>> link_to_name("a b#1?.wav"), link_to_name("caf\udce9:1")
    ('a%20b%231%3F.wav', 'caf%E9%3A1')
    """
    return quote(os.fsencode(name), safe="/")


def fragment(clip: Clip) -> str:
    """The time range of a clip, as an address says it (W3C Media Fragments); empty for a whole file."""
    if clip.start is None and clip.end is None:
        return ""
    return f"#t={clip.start or 0.0:g}" + ("" if clip.end is None else f",{clip.end:g}")


def link_to(clip: Clip, page: str) -> str:
    """Address of a clip, as the page's own file sees it."""
    folder, name = os.path.split(clip.path)
    return link_to_folder(folder, page) + link_to_name(name) + fragment(clip)


def embedded(clip: Clip) -> str:
    """The clip's whole file as an address that holds it.

    Raises:
        AudioError: it cannot be read.
    """
    path = Path(clip.path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AudioError(clip.path, f"cannot be read: {error.strerror or error}") from None
    kind = _TYPES.get(path.suffix.lower(), "application/octet-stream")
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}{fragment(clip)}"
