"""Standard output is data; standard error is talk. Both as a shell hands them over, which may be closed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from drasp_cli.cli.printable import printable
from drasp_cli.errors import OutputError


def data_stream() -> TextIO:
    """Standard output.

    Raises:
        OutputError: a shell has closed it (`>&-`).
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; open it, or name a file with --output where there is that option")
    return sys.stdout


def say(text: str) -> None:
    """One line on standard error, whatever names are in it; nothing where a shell has closed it (`2>&-`)."""
    if sys.stderr is not None:  # print would take None for standard output
        print(printable(text), file=sys.stderr, flush=True)


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(1, "clip"), counted(2, "clip")
    ('1 clip', '2 clips')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Talk:
    """Notices, warnings and progress on standard error.

    Args:
        quiet: say nothing but errors.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet

    def notice(self, text: str) -> None:
        """One line that a user should know."""
        self.line(f"drasp: {text}")

    def line(self, text: str) -> None:
        """One line as it is, of a log that a user may want to follow."""
        if not self.quiet:
            say(text)

    def next_command(self, *words: str) -> None:
        """What a user may want to type next, quoted for a shell."""
        self.notice(f"next: {shlex.join(words)}")

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator[Callable[[], None]]:
        """A progress bar while the block runs; the value is called once for each step.

        Nothing is drawn where standard error is not a terminal, so that logs stay readable.
        """
        if self.quiet or sys.stderr is None or not sys.stderr.isatty():
            yield lambda: None
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(printable(what), total=total)
            yield lambda: progress.advance(task)
