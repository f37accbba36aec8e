"""The score table: one row for each clip, written and read back.

Columns: `path,id,system,start,end,<axes...>,seconds,windows,sample_rate,flags,model,error`, and `prompt` behind them
where it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drasp_cli.datatypes import ClipScore
from drasp_cli.errors import OutputError
from drasp_cli.tables.columns import Column, Kind, Record, rounded

BEFORE_AXES = (
    Column("path", Kind.TEXT),
    Column("id", Kind.TEXT),
    Column("system", Kind.TEXT),
    Column("start", Kind.TIME),
    Column("end", Kind.TIME),
)
AFTER_AXES = (
    Column("seconds", Kind.SCORE),
    Column("windows", Kind.COUNT),
    Column("sample_rate", Kind.COUNT),
    Column("flags", Kind.TEXT),
    Column("model", Kind.TEXT),
    Column("error", Kind.TEXT),
)
PROMPT = Column("prompt", Kind.TEXT)

FIXED_NAMES = frozenset(column.name for column in (*BEFORE_AXES, *AFTER_AXES, PROMPT))
"""Columns of a score table that are no axis; every other one is."""

FLAG_SEPARATOR = ";"
MODEL_SEPARATOR = ";"
"""Between the models of one row."""


def named_models(cells: Iterable[str]) -> tuple[str, ...]:
    """The models that cells of the column `model` name, each once, in order of first sight.

    >>> named_models(["m@1;n@2", "", "m@1"])
    ('m@1', 'n@2')
    """
    return tuple(dict.fromkeys(model for cell in cells for model in cell.split(MODEL_SEPARATOR) if model))


def score_columns(axes: Sequence[str], *, with_prompts: bool = False) -> tuple[Column, ...]:
    """The columns of a score table with these axes.

    Raises:
        OutputError: an axis is called like another column.
    """
    taken = sorted(FIXED_NAMES.intersection(axes)) or sorted({axis for axis in axes if list(axes).count(axis) > 1})
    if taken:
        raise OutputError(f"an axis cannot be called '{taken[0]}': a score table has that column already")
    prompts = (PROMPT,) if with_prompts else ()
    return (*BEFORE_AXES, *(Column(axis, Kind.SCORE) for axis in axes), *AFTER_AXES, *prompts)


def score_record(row: ClipScore, axes: Sequence[str], *, with_prompts: bool = False) -> Record:
    """The cells of `row` under `score_columns(axes)`. A score that is no finite number is left out; `error` says so."""
    scores = [row.scores.get(axis) for axis in axes]
    cells = [rounded(score) for score in scores]
    error = row.error
    if not error:
        lost = [
            axis for axis, score, cell in zip(axes, scores, cells, strict=True) if score is not None and cell is None
        ]
        error = f"the {lost[0]} score is not a finite number" if lost else ""
    clip = row.clip
    return (
        *(clip.path, clip.id, clip.system, clip.start, clip.end),
        *cells,
        *(rounded(row.seconds), row.windows, row.sample_rate, FLAG_SEPARATOR.join(row.flags), row.model, error),
        *((clip.prompt,) if with_prompts else ()),
    )
