"""Typed errors to advice and exit codes: the one try/except of the program.

0 all scored   1 error   2 usage   3 finished, some clips failed   130 interrupted
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from drasp_cli import errors

SOME_FAILED = 3
_INTERRUPTED = 130

P = ParamSpec("P")
R = TypeVar("R")


def advice(error: errors.DraspError) -> str | None:
    """What to do about an error, or None where its message says it all."""
    if isinstance(error, errors.UnknownModelError):
        spellings = f"names: {', '.join(error.known)}; a folder: ./folder or /path/to/folder"
        return f"{error.hint}; {spellings}" if error.hint else spellings
    if isinstance(error, errors.MissingExtraError):
        return f"pip install 'drasp[{error.extra}]'"
    if isinstance(error, errors.ResumeError):
        return "repeat the command that was stopped, or leave out --resume to start over"
    if isinstance(error, errors.CheckpointError):
        return "a checkpoint folder holds config.json, model.safetensors and, for prompts, tokenizer.json"
    return None


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """A command that ends in the exit codes above instead of a traceback, for every error drasp raises on purpose."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except errors.DraspError as error:
            print(f"drasp: error: {error}", file=sys.stderr)
            if hint := advice(error):
                print(f"drasp: advice: {hint}", file=sys.stderr)
            raise typer.Exit(2 if isinstance(error, errors.UnknownModelError) else 1) from None
        except KeyboardInterrupt:
            print("drasp: interrupted; finished rows are on disk where -o was given", file=sys.stderr)
            raise typer.Exit(_INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of our standard output has gone. Point it elsewhere, so that closing it at exit is silent too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None

    return run
