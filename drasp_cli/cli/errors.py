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


def guarded(command: Callable[P, R], when_interrupted: str = "") -> Callable[P, R]:
    """A command that ends in the exit codes above instead of a traceback.

    Caught are the errors that drasp raises on purpose, and those of standard input and output.

    Args:
        command: the function of a command.
        when_interrupted: what a user who interrupts it should know.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = command(*args, **kwargs)
            if sys.stdout is not None:
                sys.stdout.flush()  # here, and not when Python exits, where nobody could catch what goes wrong
            return result
        except errors.DraspError as error:
            print(f"drasp: error: {error}", file=sys.stderr)
            if hint := advice(error):
                print(f"drasp: advice: {hint}", file=sys.stderr)
            raise typer.Exit(2 if isinstance(error, errors.UnknownModelError) else 1) from None
        except KeyboardInterrupt:
            print("; ".join(filter(None, ("drasp: interrupted", when_interrupted))), file=sys.stderr)
            raise typer.Exit(_INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of our standard output has gone.
            _drop_stdout()
            raise typer.Exit(1) from None
        except OSError as error:
            where = error.filename or "standard input or output"
            print(f"drasp: error: {where}: {error.strerror or error}", file=sys.stderr)
            _drop_stdout()
            raise typer.Exit(1) from None

    return run


def _drop_stdout() -> None:
    """Points standard output elsewhere if it takes no more, so that closing it at exit is silent too."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
