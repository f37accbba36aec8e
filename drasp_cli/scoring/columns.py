"""Models side by side: which column of a table holds which axis of which model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.tables.score_table import MODEL_SEPARATOR


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The names that the scores of some models go by, in one table.

    Attributes:
        columns: for each model, in the order given: axis -> column.
        label: name and revision of all of them, as the column `model` says it.
    """

    columns: tuple[Mapping[str, str], ...]
    label: str

    @property
    def axes(self) -> tuple[str, ...]:
        """All columns of scores, in their order."""
        return tuple(column for columns in self.columns for column in columns.values())


def side_by_side(checkpoints: Sequence[Checkpoint]) -> SideBySide:
    """The columns of these models: `AXIS`, or `AXIS@model` for an axis that two of them score.

    A model is called by its name there, or by name and revision where two revisions of one name are compared.

    Raises:
        ValueError: there is no model, or one of them is given twice.
    """
    labels = [checkpoint.label for checkpoint in checkpoints]
    if not labels or len(set(labels)) < len(labels):
        raise ValueError("give at least one checkpoint, and none of them twice")
    models = Counter(axis for checkpoint in checkpoints for axis in checkpoint.config.axes)
    names = Counter(checkpoint.name for checkpoint in checkpoints)

    def column(axis: str, checkpoint: Checkpoint) -> str:
        if models[axis] == 1:
            return axis
        return f"{axis}@{checkpoint.name if names[checkpoint.name] == 1 else checkpoint.label}"

    columns = [{axis: column(axis, checkpoint) for axis in checkpoint.config.axes} for checkpoint in checkpoints]
    return SideBySide(tuple(columns), MODEL_SEPARATOR.join(labels))
