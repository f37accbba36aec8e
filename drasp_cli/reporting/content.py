"""What a report shows, before it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from drasp_cli.audio.flags import SIMULATED_RATINGS
from drasp_cli.datatypes import ClipScore
from drasp_cli.evaluation import Evaluation
from drasp_cli.reporting.choosing import Choice
from drasp_cli.reporting.listening import Sound
from drasp_cli.tables.calibration import CALIBRATED
from drasp_cli.tables.score_table import named_models
from drasp_cli.tables.systems import SystemTable


@dataclass(frozen=True, slots=True)
class Source:
    """A file behind the report.

    Attributes:
        path: as the user named it.
        digest: the first 12 hex digits of the SHA-256 of its bytes.
    """

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a report came to be.

    Attributes:
        version: of drasp.
        command: as a shell takes it.
        date: in words, or empty.
        sources: the score tables, in order.
        ratings: the file of ratings by people, where there is one.
    """

    version: str
    command: str
    date: str
    sources: tuple[Source, ...]
    ratings: Source | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows.

    Attributes:
        title: the user's own, in plain text.
        rows: the clips, in the order of their tables.
        table: their systems, ranked; or their means alone, where no clip has a system.
        choices: for each axis, the clips that are shown with their sound.
        sounds: (number of a row, axis) -> what is drawn of its sound; what nothing is drawn of is left out.
        silence: why nothing, or less than all, is drawn of the sounds, a line for each reason.
        audio: for each row whether its file is there; None where no audio was asked for.
        embedded: number of a row -> address that holds its audio.
        made: how it came to be.
        agreement: axis -> how well it follows ratings by people; axes that nobody rated are left out.
    """

    title: str
    rows: Sequence[ClipScore]
    table: SystemTable
    choices: tuple[Choice, ...]
    sounds: Mapping[tuple[int, str], Sound]
    silence: tuple[str, ...]
    audio: Sequence[bool] | None
    embedded: Mapping[int, str]
    made: Provenance
    agreement: Mapping[str, Evaluation] = field(default_factory=dict)

    @property
    def models(self) -> tuple[str, ...]:
        """Name and revision of all that scored, in order of first sight."""
        return named_models(row.model for row in self.rows)

    @property
    def has_systems(self) -> bool:
        """Whether any clip names the system that made it."""
        return any(row.system for row in self.table.systems)

    @property
    def scored(self) -> tuple[int, ...]:
        """Numbers of the axes that any clip has a score on: of another one there is nothing to draw."""
        axes = enumerate(self.table.axes)
        return tuple(place for place, axis in axes if any(row.scored[axis] for row in self.table.systems))

    @property
    def is_simulated(self) -> bool:
        """Whether any row is of a model that was trained on simulated ratings."""
        return any(SIMULATED_RATINGS in row.flags for row in self.rows)

    @property
    def calibrated(self) -> tuple[str, ...]:
        """The axes that are on a lab's own scale."""
        return tuple(axis for axis in self.table.axes if CALIBRATED in axis)

    @property
    def failed(self) -> tuple[int, ...]:
        """Numbers of the rows that could not be scored."""
        return tuple(number for number, row in enumerate(self.rows) if row.error)
