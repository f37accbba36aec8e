"""Typed errors to advice and exit codes: the one try/except of the program.

0 all scored   1 error   2 usage   3 finished, some clips failed   130 interrupted
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, ParamSpec, TypeVar

import typer

from drasp_cli import errors
from drasp_cli.checkpoints.registry import hub_file
from drasp_cli.cli.output import say
from drasp_cli.cli.printable import printable

SOME_FAILED = 3
_INTERRUPTED = 130

_TOKEN = "set HF_TOKEN, or log in with: hf auth login"
_HUB_ADVICE = {
    errors.HubProblem.UNREACHABLE: "look at the connection, the proxy and HF_ENDPOINT; a checkpoint that was pulled "
    "before works without network",
    errors.HubProblem.OFFLINE: "set HF_HUB_OFFLINE=0 for this once; what was pulled before loads without network",
    errors.HubProblem.NOT_FOUND: f"look at the spelling; if it is private, {_TOKEN}",
    errors.HubProblem.NO_REVISION: "after the @ stands a branch, a tag or a commit; without it, the newest is meant",
    errors.HubProblem.NO_FILE: "its page lists its files; one in a folder is spelled with it, folder/file",
    errors.HubProblem.GATED: f"ask for access on the repository's page, then {_TOKEN}",
    errors.HubProblem.BAD_TOKEN: f"it may be misspelt or expired; {_TOKEN}",
    errors.HubProblem.FORBIDDEN: "the token needs the right to do this to this repository: to read it, or to write",
    errors.HubProblem.SERVER: "try again later; a checkpoint that was pulled before works with HF_HUB_OFFLINE=1",
    errors.HubProblem.DISK_FULL: "make room, or set HF_HOME to a folder on a larger disk",
    errors.HubProblem.DAMAGED: "download it again: drasp models pull --force {source}; if that changes nothing, it is "
    "damaged on the Hub: tell the repository's owner",
    errors.HubProblem.INCOMPLETE: "a checkpoint folder holds config.json, model.safetensors and, for prompts, "
    "tokenizer.json",
    errors.HubProblem.PUBLIC: "make it private in its settings on the Hub, name another one, or leave --private out",
}

# Of the same problems, those that are another matter for who sends a checkpoint than for who fetches one.
_PUSH_ADVICE = {
    errors.HubProblem.UNREACHABLE: "look at the connection, the proxy and HF_ENDPOINT, then push again; no commit was "
    "made",
    errors.HubProblem.OFFLINE: "set HF_HUB_OFFLINE=0 for this once; no commit was made",
    errors.HubProblem.NOT_FOUND: f"to push, {_TOKEN}; look at the spelling of the owner, too",
    errors.HubProblem.SERVER: "push again later; no commit was made",
}

P = ParamSpec("P")
R = TypeVar("R")


def advice(error: errors.DraspError) -> str | None:
    """What to do about an error, or None where its message says it all."""
    if isinstance(error, errors.UnknownModelError):
        spellings = f"names: {', '.join(error.known)}; a folder: ./folder or /path/to/folder; hf-hub:owner/repo"
        return f"{error.hint}; {spellings}" if error.hint else spellings
    if isinstance(error, errors.MissingExtraError):
        return f"pip install 'drasp[{error.extra}]'"
    if isinstance(error, errors.DeviceMemoryError):
        return "smaller batches need less: --batch-size of drasp score, batch_size of a recipe; or another --device"
    if isinstance(error, errors.ResumeError):
        return "repeat the command that was stopped, or leave out --resume to start over"
    if isinstance(error, errors.MixedModelsError):
        return "name the tables of one model; or pass --allow-mixed, where a command has that option"
    if isinstance(error, errors.ConfigError) and error.key == "format_version":
        return "a newer drasp may read it: pip install --upgrade drasp"
    if isinstance(error, errors.HubError) and error.problem is errors.HubProblem.DAMAGED and hub_file(error.source):
        return "repeat the command: what came of the file was not kept, and it is downloaded again"
    if isinstance(error, errors.PushError) and error.problem in _PUSH_ADVICE:
        return _PUSH_ADVICE[error.problem]
    if isinstance(error, errors.HubError):
        return _HUB_ADVICE[error.problem].format(source=error.source)
    if isinstance(error, errors.CheckpointError):
        return "a checkpoint folder holds config.json, model.safetensors and, for prompts, tokenizer.json"
    return None


def guarded(command: Callable[P, R], when_interrupted: str = "") -> Callable[P, R]:
    """A command, or the whole program, that ends in the exit codes above instead of a traceback.

    Caught are the errors that drasp raises on purpose, and those of standard input and output.

    Args:
        command: the function of a command, or the Typer app.
        when_interrupted: what a user who interrupts it should know.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with _flushed_stdout():
                return command(*args, **kwargs)
        except errors.DraspError as error:
            say(f"drasp: error: {error}")
            if hint := advice(error):
                say(f"drasp: advice: {hint}")
            _end(2 if isinstance(error, (errors.UnknownModelError, errors.WishError)) else 1)
        except typer.BadParameter as error:
            error.message = printable(error.message)  # Typer prints it as it is
            raise
        except KeyboardInterrupt:
            say("; ".join(filter(None, ("drasp: interrupted", when_interrupted))))
            _end(_INTERRUPTED)
        except BrokenPipeError:  # the reader of our standard output has gone
            _end(1)
        except OSError as error:
            where = error.filename or "standard input or output"
            say(f"drasp: error: {where}: {error.strerror or error}")
            _end(1)

    return run


@contextmanager
def _flushed_stdout() -> Iterator[None]:
    """Writes out what was printed when the block ends well: here, and not when Python exits and nobody could catch it.

    To leave with an exit code is to end well.
    """
    try:
        yield
    except (typer.Exit, SystemExit):
        _flush_stdout()
        raise
    _flush_stdout()


def _flush_stdout() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _end(code: int) -> NoReturn:
    """Leaves with an exit code; standard output goes elsewhere if it takes no more, so that closing it is silent."""
    try:
        _flush_stdout()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(code) from None
