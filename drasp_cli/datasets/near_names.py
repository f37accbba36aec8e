"""The name that was meant where a file is not there: a slip of the finger, a forgotten ending."""

from __future__ import annotations

import difflib
import itertools
import os

_LOOKED_AT = 5000  # names compared: a folder of ten million clips must not turn a slip of the finger into a wait


def perhaps_meant(path: str) -> str:
    """The end of an error about a `path` that is not there: the name that was perhaps meant, or nothing."""
    near = near_name(path)
    return f"; did you mean {near}?" if near else ""


def near_name(path: str) -> str | None:
    """The file or folder beside `path` whose name is spelled most like it, as the user would type it.

    Case is passed over. None where no name is near, or where the folder itself is not there.
    """
    folder, name = os.path.split(path.rstrip("/"))
    try:
        with os.scandir(folder or ".") as entries:
            names = sorted(entry.name for entry in itertools.islice(entries, _LOOKED_AT))
    except OSError:
        return None
    folded: dict[str, str] = {}
    for entry in names:
        folded.setdefault(entry.casefold(), entry)
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return os.path.join(folder, folded[near[0]]) if near else None  # noqa: PTH118 - as typed: a Path would drop './'
