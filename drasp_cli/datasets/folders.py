"""The audio files below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

from drasp_cli.errors import InputError

AUDIO_ENDINGS = frozenset(
    {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".caf"}
    | {".m4a", ".aac", ".webm"}  # decoded where PyAV is installed, and otherwise clips that fail by name
)
"""Endings, in any case, by which audio is told from other files in a folder. A file named itself needs none of them."""


def is_audio_name(name: str) -> bool:
    """Whether `name` ends like audio."""
    return os.path.splitext(name)[1].lower() in AUDIO_ENDINGS  # noqa: PTH122 - a Path for each of 10 M names is slow


def find_audio(folder: str) -> list[str]:
    """Paths of the audio files anywhere below `folder`, relative to it, in code-point order of the whole path.

    Names that begin with a dot are passed over, files and folders alike. Links are followed, except one that leads
    back to a folder it lies in. A link that leads nowhere, a pipe or a socket is listed: it is a clip that will
    fail, not one that never was.

    Raises:
        InputError: a folder cannot be listed.
    """
    return sorted(_below(folder, strict=True))


def holds_audio(folder: str) -> bool:
    """Whether `find_audio` would find any: no more is looked at than it takes, and what cannot be listed holds none."""
    return any(True for _ in _below(folder, strict=False))


def _below(folder: str, *, strict: bool) -> Iterator[str]:
    """What `find_audio` finds, as it is come upon; a folder that cannot be listed is refused if `strict`, or empty."""
    # (path below `folder` with a trailing slash, device and inode of the folders on the way down to it)
    pending: list[tuple[str, tuple[tuple[int, int], ...]]] = [("", ())]
    while pending:
        below, ancestors = pending.pop()
        place = f"{folder}/{below}"
        try:
            status = os.stat(place)  # noqa: PTH116
            here = (status.st_dev, status.st_ino)
            if here in ancestors:
                continue
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if _is_folder(entry):
                        pending.append((f"{below}{entry.name}/", (*ancestors, here)))
                    elif is_audio_name(entry.name):
                        yield below + entry.name
        except OSError as error:
            if strict:
                raise InputError(place.rstrip("/"), f"cannot be listed: {error.strerror or error}") from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that may not be entered
        return False
