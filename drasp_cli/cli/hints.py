"""What a user may have meant by a word that names nothing."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from drasp_cli.cli.printable import printable
from drasp_cli.errors import InputError


class Commands(TyperGroup):
    """The commands of the program, with a hint for half a name and for a path without a command.

    Typer itself has one for a name that is misspelt.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # Typer's types for these move between versions
        """The command that the first word names.

        Raises:
            UsageError: of Typer; it names none.
        """
        word = args[0]
        if word not in self.commands:
            meant = [name for name in self.commands if word in name.split("-")]
            if not meant and Path(word).exists():
                meant = [shlex.join(["drasp", "score", word])]
            if meant:
                ctx.fail(printable(f"No such command '{word}'. Did you mean: {', '.join(meant)}?"))
        return super().resolve_command(ctx, args)


def require_path(path: Path, what: str) -> None:
    """Refuses a file or folder that is not there, with the nearest name beside it.

    Raises:
        InputError: it is not there.
    """
    if not path.exists():
        from drasp_cli.datasets.near_names import perhaps_meant

        raise InputError(str(path), f"there is no such {what}{perhaps_meant(str(path))}")
