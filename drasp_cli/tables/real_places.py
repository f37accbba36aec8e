"""Where the file that a path names really is, for millions of paths: no look at a file unless it may be a link.

    a.wav   ./a.wav   /home/me/work/a.wav   link-to-work/a.wav   b.wav -> a.wav        one place, where they exist

A folder is listed once, and the listing tells, without a look at each file, whether there is any link in it. Only paths
through such a folder are followed. Where nothing exists, the words alone count: a table may be read on another machine
than the one that wrote it.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_FOLDERS = 4096  # that are remembered; tables name the clips of a folder one after the other


class RealPlaces:
    """Paths to places, as long as neither the working directory nor the links change.

    Relative paths start at the working directory, as those of a score table do.
    """

    def __init__(self) -> None:
        try:
            self._start = str(Path.cwd())
        except OSError:  # it is gone: relative paths are in one place all the same
            self._start = os.curdir
        self._folder = lru_cache(maxsize=_FOLDERS)(self._look_into)

    def of(self, path: str) -> str:
        """The path from the root without `.`, `..` and, of what exists, without links; two names of a file have one."""
        folder, slash, name = os.path.normpath(path).rpartition(os.sep)
        real, has_links = self._folder(folder + slash)
        place = f"{real}{os.sep}{name}"
        return os.path.realpath(place) if has_links else place

    def _look_into(self, folder: str) -> tuple[str, bool]:
        """Where a folder is, without a slash behind it, and whether it holds any link.

        One that is not there, or may not be listed, is where its words say, and its links are not known.
        """
        try:
            with os.scandir(folder or os.curdir) as entries:
                return os.path.realpath(folder).rstrip(os.sep), any(entry.is_symlink() for entry in entries)
        except (OSError, ValueError):  # ValueError: a name that no system has, such as one with a NUL
            words = os.path.join(self._start, folder)  # noqa: PTH118
            return os.path.normpath(words).rstrip(os.sep), False
