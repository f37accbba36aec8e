"""Checkpoints of several segment sizes against human ratings: tables read, sizes looked up, each one compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drasp_cli.cli.means import MeansWatch
from drasp_cli.cli.output import Talk
from drasp_cli.cli.ratings import RatedAxes, axes_of, compare_with_ratings, read_rated_axes, scored_axes
from drasp_cli.errors import CheckpointError, ConfigError, TableError, UnknownModelError
from drasp_cli.tables.score_table import MODEL_SEPARATOR

if TYPE_CHECKING:
    from drasp_cli.evaluation.segment_sizes import SizedEvaluation


@dataclass(frozen=True, slots=True)
class _Pooling:
    """What is to be known of a checkpoint: name and revision, what it scores, and how it pools."""

    model: str
    axes: tuple[str, ...]
    name: str
    segment_size: int | None


@dataclass(frozen=True, slots=True)
class _Scored:
    """What a column of scores is of."""

    axis: str
    pooling: _Pooling


def evaluate_segment_sizes(
    scores: Sequence[str], ratings: str, axis: str | None, talk: Talk, *, strict: bool = False
) -> tuple[list[SizedEvaluation], list[MeansWatch]]:
    """Every checkpoint behind some score tables against the ratings of a file, and what watched the rows of each.

    Each table may be of one checkpoint, or of several side by side.

    Args:
        scores: tables, or folders of them.
        ratings: the file.
        axis: the only one to take; None takes all that are rated.
        talk: for notices of what was not compared.
        strict: pass nothing over.

    Raises:
        TableError: a table cannot be read, or does not say its model; or the segment size of a checkpoint is not known,
            because it is not on this disk or has changed.
        RatingsError: the ratings cannot be read, or nothing in them fits.
    """
    from drasp_cli.evaluation.segment_sizes import SizedEvaluation, differing, in_order
    from drasp_cli.tables.by_model import tables_by_model
    from drasp_cli.tables.reading import read_score_tables

    groups = tables_by_model(scores)
    poolings = {
        label: _pooling(label, tables[0]) for model, tables in groups.items() for label in model.split(MODEL_SEPARATOR)
    }
    if all(pooling.segment_size is None for pooling in poolings.values()):
        raise TableError(scores[0], f"no pooling has segments, of {' and '.join(poolings)}")
    found: list[SizedEvaluation] = []
    watches: list[MeansWatch] = []
    for model, tables in groups.items():
        watch = MeansWatch()
        rows = list(watch.watch(read_score_tables(tables)))
        watch.tell_simulated(talk)
        watches.append(watch)
        columns = _columns(axes_of(rows), {label: poolings[label] for label in model.split(MODEL_SEPARATOR)})
        if not columns:
            raise TableError(tables[0], f"has no score of {model}")
        scored = dict.fromkeys(columns[column].axis for column in scored_axes(rows) if column in columns)
        rated = _rated(ratings, columns, axis, tuple(scored))
        whose = model if len(groups) > 1 else ""
        for result in compare_with_ratings(rows, rated, talk, strict=strict, whose=whose):
            of = columns[result.axis]
            found.append(SizedEvaluation(of.axis, of.pooling.name, of.pooling.segment_size, of.pooling.model, result))
    for name, (fewest, most) in differing(found).items():
        talk.notice(
            f"{name}: the checkpoints are not held against the same ratings ({fewest} to {most} of them); "
            "score the same clips with each, or their figures cannot be compared"
        )
    return in_order(found), watches


def _pooling(label: str, table: str) -> _Pooling:
    """Of the very checkpoint that a table names.

    Raises:
        TableError: it is not on this disk, or is another one by now.
    """
    from drasp_cli.checkpoints.at_hand import find_at_hand
    from drasp_cli.checkpoints.store import found_config
    from drasp_cli.evaluation.segment_sizes import MEAN
    from drasp_cli.models.config import AudioboxConfig, ClapConfig

    try:
        config = found_config(find_at_hand(label))
    except (CheckpointError, ConfigError, UnknownModelError) as error:
        reason = f"its scores are of {label}, whose segment size is not known, since it stands in its config.json"
        raise TableError(table, f"{reason}: {error}") from None
    assert isinstance(config, ClapConfig | AudioboxConfig)
    if config.pooling is None:
        return _Pooling(label, config.axes, MEAN, None)
    return _Pooling(label, config.axes, config.pooling.name, config.pooling.frames_of_segment)


def _columns(names: Iterable[str], poolings: Mapping[str, _Pooling]) -> dict[str, _Scored]:
    """Column -> what it is of, by its name: `AXIS`, or `AXIS@model` where several of a row's models score the axis."""
    found: dict[str, _Scored] = {}
    for column in names:
        axis, _, name = column.partition("@")
        for label, pooling in poolings.items():
            if axis in pooling.axes and name in ("", label, label.rpartition("@")[0]):
                found[column] = _Scored(axis, pooling)
    return found


def _rated(path: str, columns: Mapping[str, _Scored], axis: str | None, scored: Sequence[str]) -> RatedAxes:
    """The ratings of a file, held against all columns of each axis that they rate; `scored` as of `read_rated_axes`."""
    axes = list(dict.fromkeys(of.axis for of in columns.values()))
    rated = read_rated_axes(path, axes, only=axis, scored=scored)
    return RatedAxes(
        rated.ratings, {column: rated.axes[of.axis] for column, of in columns.items() if of.axis in rated.axes}
    )
