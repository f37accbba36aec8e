"""Files held to what is known of them before they are read: size and digest.

Hashing 400 MB at every start would cost a second, so a receipt remembers which files were hashed, with the size and
modification time they had. A file that has changed since, in either, is hashed again; damage that changes neither is
what `drasp models verify` is for, which asks no receipt.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from drasp_cli.checkpoints.registry import FileFacts

_BLOCK = 1 << 20


def digest_of(path: Path, like: str) -> str:
    """The digest of a file, of the kind that `like` is: `sha256:...` or `git:...`.

    Git's object id is the SHA-1 of the word blob, the size in bytes, a NUL, and the content.
    """
    if like.startswith("git:"):
        kind, hasher = "git", hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    else:
        kind, hasher = "sha256", hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return f"{kind}:{hasher.hexdigest()}"


def faults(folder: Path, known: Mapping[str, FileFacts]) -> dict[str, str]:
    """File name -> what is wrong with it, for each file in `known` that is in `folder` and not what it must be."""
    found = {}
    for name, facts in known.items():
        path = folder / name
        if not path.exists():
            continue
        if (size := path.stat().st_size) != facts.size:
            found[name] = f"{size} bytes, expected {facts.size}"
        elif (digest := digest_of(path, facts.digest)) != facts.digest:
            found[name] = f"{digest}, expected {facts.digest}"
    return found


def faults_since(folder: Path, known: Mapping[str, FileFacts], receipt: Path) -> dict[str, str]:
    """The same, but files that `receipt` remembers as they are now are taken as they were found then.

    Args:
        folder: of the files.
        known: what they must be.
        receipt: a JSON file, rewritten where something was hashed and found right. Where it cannot be written, every
            call hashes.
    """
    remembered = _read(receipt)
    fresh = {name: facts for name, facts in known.items() if (folder / name).exists()}
    fresh = {name: facts for name, facts in fresh.items() if remembered.get(name) != _state(folder / name, facts)}
    found = faults(folder, fresh)
    right = {name: _state(folder / name, facts) for name, facts in fresh.items() if name not in found}
    if right:
        with contextlib.suppress(OSError):  # a cache that may only be read
            _write(receipt, remembered | right)
    return found


def _state(path: Path, facts: FileFacts) -> list[object]:
    """What a receipt remembers of a file that was found right; behind a link, of the file itself."""
    found = path.stat()
    return [facts.digest, found.st_size, found.st_mtime_ns]


def _read(receipt: Path) -> dict[str, object]:
    try:
        content = json.loads(receipt.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(receipt: Path, content: Mapping[str, object]) -> None:
    receipt.parent.mkdir(parents=True, exist_ok=True)
    partial = receipt.with_name(f"{receipt.name}.{os.getpid()}")  # two processes may have found the same
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(receipt)
