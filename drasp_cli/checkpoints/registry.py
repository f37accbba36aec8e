"""What `--model` accepts, and what each spelling means.

    clap-drasp.mini     a name: one of `SHIPPED`, inside the package
    ./folder  /folder   a path: always with a slash that says so
    hf-hub:owner/repo   a repository on the Hugging Face Hub

The three can never be confused, and none of them is guessed: a bare word that is no name is refused even where a
folder is called so, and the message offers the spelling that would mean the folder.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from drasp_cli.errors import CheckpointError, UnknownModelError

# Every name that exists, with one line of what it is. Nothing is listed that cannot be loaded.
SHIPPED: dict[str, str] = {
    "clap-drasp.mini": "MI and TA; small CLAP-shaped towers with DRASP pooling, trained on simulated listening tests",
}
DEFAULT_MODEL = "clap-drasp.mini"

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped_folder(name: str) -> Path:
    """The folder of a shipped checkpoint: package data in an installed wheel, `checkpoints/` in a source tree."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / "checkpoints" / name


def resolve(model: str) -> tuple[str, Path]:
    """Name to show and folder to load for a `--model` spelling.

    Raises:
        UnknownModelError: the spelling names nothing; `hint` holds one that would, where there is one.
        CheckpointError: a path that is not a folder.
    """
    if model in SHIPPED:
        return model, shipped_folder(model)
    if model.startswith("hf-hub:"):
        raise UnknownModelError(model, tuple(SHIPPED), "this version loads shipped names and folders, not Hub names")
    if "/" in model or "\\" in model or model in (".", ".."):
        folder = Path(model)
        if not folder.is_dir():
            bare = model.rpartition("@")[0]
            remedy = f"; {bare} is one: leave its revision out" if bare and Path(bare).is_dir() else ""
            raise CheckpointError(model, f"is not a folder{remedy}")
        return model.rstrip("/"), folder
    raise UnknownModelError(model, tuple(SHIPPED), _hint(model))


def _hint(word: str) -> str | None:
    """A spelling near `word`, a bare word that is no name, that would mean something."""
    if Path(word).is_dir():
        return f"for the folder, write ./{word}"
    name = word.partition("@")[0]
    if name in SHIPPED:  # as results name their model: clap-drasp.mini@e659b9c560b5
        return f"a shipped checkpoint has one revision and is named without it: {name}"
    near = difflib.get_close_matches(word.casefold(), SHIPPED, n=1)
    return f"did you mean {near[0]}?" if near else None
