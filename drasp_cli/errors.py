"""Typed errors that carry facts. Nothing here prints, and nothing here advises: advice is the command line's.

Every error a user can cause is a `DraspError`. Its message says what is wrong and where; its attributes carry the
same facts for code. `drasp_cli.cli.errors` turns the type into advice and an exit code.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum


class DraspError(Exception):
    """Base of every error that drasp raises on purpose."""


_NAMED = 8  # of many names, how many a message lists


def first_few(names: Sequence[str]) -> str:
    """Names as a message lists them: the first eight, and how many more there are."""
    return ", ".join(names[:_NAMED]) + (f", and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


# ---------------------------------------------------------------------------------------------------- clips


class AudioError(DraspError):
    """One clip cannot be decoded or scored; the others can.

    Args:
        path: the clip, as the user named it.
        reason: what is wrong with it, one line.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class InputError(DraspError):
    """An INPUT, manifest, list, or prompt file that cannot be understood.

    Args:
        source: the file or argument, as the user named it.
        reason: what is wrong.
        line: 1-based line in `source`, where there is one.
    """

    def __init__(self, source: str, reason: str, line: int | None = None) -> None:
        where = source if line is None else f"{source}:{line}"
        super().__init__(f"{where}: {reason}")
        self.source = source
        self.reason = reason
        self.line = line


class TableError(InputError):
    """A score table that cannot be read, or two that do not belong together."""


class NoTableError(TableError):
    """A file that ends like a table and could be read, and holds something else than rows."""


class MixedModelsError(TableError):
    """Score tables whose rows several models scored, where that is not allowed."""


class RatingsError(InputError):
    """A file of human ratings that cannot be read or joined."""


class ResumeError(DraspError):
    """The file to resume was not written by this command on these clips."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: cannot resume: {reason}")
        self.path = path
        self.reason = reason


class OutputError(DraspError):
    """The output cannot be written as asked."""


class MissingExtraError(DraspError):
    """An optional dependency is needed and not installed.

    Args:
        extra: name of the extra, as in `pip install 'drasp[extra]'`.
        purpose: what it is needed for.
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the optional extra '{extra}'")
        self.extra = extra
        self.purpose = purpose


# ---------------------------------------------------------------------------------------------- checkpoints


class UnknownModelError(DraspError):
    """A `--model` spelling that names nothing.

    Args:
        name: what was asked for.
        known: the names that exist.
        hint: another spelling that would mean something, if there is one.
    """

    def __init__(self, name: str, known: Sequence[str], hint: str | None = None) -> None:
        super().__init__(f"no model is called '{name}'")
        self.name = name
        self.known = tuple(known)
        self.hint = hint


class ConfigError(DraspError):
    """A configuration with an unknown, missing, or impossible value.

    Args:
        source: the file it came from.
        key: dotted path of the key, such as `pooling.segment_size`.
        reason: what is wrong with it.
    """

    def __init__(self, source: str, key: str, reason: str) -> None:
        super().__init__(f"{source}: {key}: {reason}")
        self.source = source
        self.key = key
        self.reason = reason


class CheckpointError(DraspError):
    """A checkpoint folder that cannot be loaded.

    Args:
        source: the folder or file.
        reason: what is wrong.
        names: the tensors or keys concerned.
    """

    def __init__(self, source: str, reason: str, names: Sequence[str] = ()) -> None:
        super().__init__(f"{source}: {reason}" + (f": {first_few(names)}" if names else ""))
        self.source = source
        self.reason = reason
        self.names = tuple(names)


class HubProblem(Enum):
    """Why something on the Hugging Face Hub cannot be had; the value is how a message says it."""

    UNREACHABLE = "the Hub cannot be reached"
    OFFLINE = "the Hub would have to be asked, and HF_HUB_OFFLINE forbids it"
    NOT_FOUND = "the Hub has no such repository, or it is private"
    NO_REVISION = "the repository has no such revision"
    NO_FILE = "the repository has no such file"
    GATED = "the repository is gated"
    BAD_TOKEN = "the Hub does not take the token"
    FORBIDDEN = "the token does not allow it"
    SERVER = "the Hub answers with an error"
    DISK_FULL = "the disk is full"
    DAMAGED = "is damaged"
    INCOMPLETE = "is no checkpoint folder"
    PUBLIC = "the repository is there already, and it is public"


class HubError(CheckpointError):
    """Something on the Hugging Face Hub that cannot be had, or is not what it should be.

    Args:
        source: the repository or file, spelled as for `--model` where that can be.
        problem: which of the ways to fail it is.
        detail: what else is known, one line.
    """

    def __init__(self, source: str, problem: HubProblem, detail: str = "") -> None:
        super().__init__(source, f"{problem.value} ({detail})" if detail else problem.value)
        self.problem = problem
        self.detail = detail


class PushError(HubError):
    """A checkpoint folder that the Hub does not take; `source` is the repository it was meant for."""


# ------------------------------------------------------------------------------- devices, training, simulation


class DeviceError(DraspError):
    """The device or precision asked for is not available here."""


class DeviceMemoryError(DeviceError):
    """The device has no memory left for what it is to compute.

    Args:
        device: its word, such as `cuda:0`.
    """

    def __init__(self, device: str) -> None:
        super().__init__(f"no memory is left on {device} for so large a batch")
        self.device = device


class TrainingError(DraspError):
    """Training cannot start or go on."""


class SimulationError(DraspError):
    """A simulated listening test cannot be made."""


class WishError(SimulationError):
    """What was asked of a simulated listening test is impossible, whatever lies on the disk."""
