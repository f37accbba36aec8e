"""What a run that is not finished depends on and its rows do not show: `FILE.run`, beside the FILE that is written.

    {"clips": 70, "prompts": "3b7c...", "precision": "fp32"}

A score table has no column for the words of the prompts (unless asked for) nor for the precision, and a resume with
others of them would leave rows of two kinds in one file. The run file is there from the first row to the last, as the
journal is, and is gone when FILE is complete.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from drasp_cli.datatypes import Clip
from drasp_cli.errors import OutputError, ResumeError
from drasp_cli.tables.files import replacing

RUN_ENDING = ".run"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the scores of a run depend on, beyond what its rows say.

    Attributes:
        clips: how many clips the run has in all.
        prompts: SHA-256 of their prompts, in order; empty for a model that reads none.
        precision: of the computation, by its own name and not `auto`.
    """

    clips: int
    prompts: str
    precision: str


def run_facts(clips: Sequence[Clip], precision: str, *, reads_prompts: bool) -> RunFacts:
    """The facts of a run on `clips`."""
    return RunFacts(len(clips), _digest(clips, len(clips)) if reads_prompts else "", precision)


class RunFile:
    """The run file of one score table.

    Args:
        path: the score table.
    """

    def __init__(self, path: str) -> None:
        self._path = path + RUN_ENDING

    def write(self, facts: RunFacts) -> None:
        """Puts `facts` on disk in one step: a killed process leaves the old file or the new one.

        Raises:
            OutputError: it cannot be written, or would replace a file that drasp did not write.
        """
        try:
            self._own_facts()
            with replacing(self._path) as stream:
                stream.write(json.dumps(asdict(facts)).encode() + b"\n")
        except (OSError, ValueError) as error:
            raise self._refusal("cannot be written", error) from None

    def remove(self) -> None:
        """Takes the file away, if it is there.

        Raises:
            OutputError: it cannot be removed, or drasp did not write it.
        """
        try:
            self._own_facts()
            Path(self._path).unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            raise self._refusal("cannot be removed", error) from None

    def require_own(self) -> None:
        """Check, before there is anything to write, that no file of somebody else stands in its place.

        Raises:
            OutputError: one does, or it cannot be read.
        """
        try:
            self._own_facts()
        except (OSError, ValueError) as error:
            raise self._refusal("cannot be read", error) from None

    def check(self, clips: Sequence[Clip], facts: RunFacts) -> bool:
        """Whether there is a run file to check by; True says that the stopped run may go on.

        Clips may have been added behind those of the stopped run.

        Args:
            clips: all clips of this run.
            facts: its facts.

        Raises:
            ResumeError: the stopped run had more clips, other prompts or another precision, or the file is none.
        """
        try:
            there = self._own_facts()
        except OSError as error:
            raise ResumeError(self._path, f"cannot be read: {error.strerror or error}") from None
        except ValueError:
            raise ResumeError(self._path, "it is not what drasp wrote there") from None
        if there is None:
            return False
        if there.precision != facts.precision:
            reason = f"it was begun with --precision {there.precision}, and would go on with {facts.precision}"
            raise ResumeError(self._path, reason)
        if there.clips > len(clips):
            raise ResumeError(self._path, f"it was begun on {there.clips} clips, and there are {len(clips)} now")
        if there.prompts != (_digest(clips, there.clips) if facts.prompts else ""):
            raise ResumeError(self._path, "it was begun with other prompts for the same clips")
        return True

    def _own_facts(self) -> RunFacts | None:
        """What the file says; None where there is none.

        Raises:
            OSError: it cannot be read.
            ValueError: it is not what drasp writes there.
        """
        try:
            plain = json.loads(Path(self._path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except RecursionError:
            raise ValueError("nested too deep") from None
        if not isinstance(plain, dict) or plain.keys() != {field.name for field in fields(RunFacts)}:
            raise ValueError("other keys")
        facts = RunFacts(**plain)
        if [type(value) for value in asdict(facts).values()] != [int, str, str]:
            raise ValueError("other types")
        return facts

    def _refusal(self, problem: str, error: OSError | ValueError) -> OutputError:
        if isinstance(error, OSError):
            return OutputError(f"{self._path}: {problem}: {error.strerror or error}")
        return OutputError(f"{self._path}: is not a run file that drasp wrote; move it, or name another output")


def _digest(clips: Sequence[Clip], count: int) -> str:
    """SHA-256, in hex, of the prompts of the first `count` clips, a line of JSON each; `null` where there is none."""
    digest = hashlib.sha256()
    for clip in itertools.islice(clips, count):
        digest.update(json.dumps(clip.prompt).encode() + b"\n")
    return digest.hexdigest()
