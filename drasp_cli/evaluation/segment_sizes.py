"""Agreement with ratings over the segment size of the pooling: what Figure 4 of the DRASP paper shows.

Each checkpoint was trained with one segment size, and is one point of a curve; one whose pooling has no segments has
none, and is what the curves are held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from drasp_cli.evaluation.agreement import Agreement, Evaluation
from drasp_cli.evaluation.table import EVALUATION_COLUMNS, evaluation_records
from drasp_cli.tables.columns import Column, Kind, Record

MEAN: Final = "mean"
"""What stands for the pooling of a checkpoint without one, which averages its frames."""

SEGMENT_SIZE_COLUMNS: Final = (
    EVALUATION_COLUMNS[0],
    Column("pooling", Kind.TEXT),
    Column("segment_size", Kind.COUNT),
    *EVALUATION_COLUMNS[1:],
)


@dataclass(frozen=True, slots=True)
class SizedEvaluation:
    """One axis of one checkpoint against its ratings.

    Attributes:
        axis: which, without the model that a column of several models names beside it.
        pooling: name of the checkpoint's pooling, or MEAN.
        segment_size: frames in a segment; None where there are no segments.
        model: name and revision of the checkpoint.
        result: how well it agrees.
    """

    axis: str
    pooling: str
    segment_size: int | None
    model: str
    result: Evaluation

    @property
    def levels(self) -> dict[str, Agreement]:
        """`system` and `clip` -> agreement there, where there is that level."""
        both = {"system": self.result.systems, "clip": self.result.clips}
        return {level: found for level, found in both.items() if found is not None}


def in_order(found: Iterable[SizedEvaluation]) -> list[SizedEvaluation]:
    """By axis as they came, then what has no segments, then by pooling and size."""
    given = list(found)
    axes = list(dict.fromkeys(one.axis for one in given))
    return sorted(
        given,
        key=lambda one: (axes.index(one.axis), one.segment_size is not None, one.pooling, one.segment_size or 0),
    )


def differing(found: Sequence[SizedEvaluation]) -> dict[str, tuple[int, int]]:
    """Axis -> the fewest and the most ratings, where its checkpoints were not held against the same ones."""
    axes: dict[str, list[tuple[float, ...]]] = {}
    for one in found:
        level = one.result.clips or one.result.systems
        axes.setdefault(one.axis, []).append(tuple(sorted(level.ratings)) if level is not None else ())
    return {
        axis: (min(map(len, ratings)), max(map(len, ratings)))
        for axis, ratings in axes.items()
        if len(set(ratings)) > 1
    }


def segment_size_records(found: Sequence[SizedEvaluation]) -> Iterator[Record]:
    """The rows under `SEGMENT_SIZE_COLUMNS`."""
    for one in found:
        for _, *rest in evaluation_records([one.result], one.model):
            yield (one.axis, one.pooling, one.segment_size, *rest)
