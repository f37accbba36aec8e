"""Rated clips and their causes, as the tensors that the losses compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from drasp_cli.datasets.musiceval import RatedClip
from drasp_cli.datasets.rated import CAUSES_FILE, Known, layout_of
from drasp_cli.errors import TrainingError

# Stands for "not mentioned in this prompt" and "unknown" in a tensor of attribute values; cross entropy skips it.
NOT_MENTIONED = -100


@dataclass(frozen=True)
class Vocabulary:
    """Names behind the columns of the cause tensors, fixed by the training split.

    Attributes:
        attributes: attribute -> its values, both sorted.
        causes: names of the numeric causes, sorted.
    """

    attributes: Mapping[str, tuple[str, ...]]
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Examples:
    """One split.

    Attributes:
        clips: what was rated, in the order of the list.
        ratings: (clips, axes), NaN where a clip has no rating on an axis.
        heard: (clips, attributes) int64, what the sound has; None without causes.
        asked: (clips, attributes) int64, what the prompt mentions, else `NOT_MENTIONED`; None without causes or
            prompts.
        causes: (clips, causes) in [0, 1], 0 = absent; None without causes.
    """

    clips: Sequence[RatedClip]
    ratings: Tensor
    heard: Tensor | None = None
    asked: Tensor | None = None
    causes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.clips)


def load_examples(folder: Path, axes: Sequence[str]) -> tuple[Examples, Examples, Vocabulary | None]:
    """Training and validation split of a data set that is rated on `axes`, with its causes where it has them.

    Raises:
        InputError: it is rated on other axes, or a file of it is malformed.
        TrainingError: no clip of a split is rated on an axis, or a clip is missing from `causes.csv`.
    """
    layout = layout_of(folder, axes)
    train, dev = layout.read(folder, "train"), layout.read(folder, "dev")
    path = folder / CAUSES_FILE
    if not path.exists():
        return _rated(train, axes), _rated(dev, axes), None
    table = layout.read_known(path)
    rows = _rows(train, table, path)
    vocabulary = _vocabulary(rows)

    def known(split: Sequence[RatedClip], rows: Sequence[Known]) -> Examples:
        return replace(
            _rated(split, axes),
            heard=_encode([row.heard for row in rows], vocabulary),
            asked=_encode([row.asked for row in rows], vocabulary) if layout.has_prompts else None,
            causes=torch.tensor([[row.causes[name] for name in vocabulary.causes] for row in rows]),
        )

    return known(train, rows), known(dev, _rows(dev, table, path)), vocabulary


def _vocabulary(rows: Sequence[Known]) -> Vocabulary:
    names = sorted({name for row in rows for name in row.heard})
    attributes = {name: tuple(sorted({row.heard[name] for row in rows if row.heard.get(name)})) for name in names}
    return Vocabulary(attributes, tuple(sorted({name for row in rows for name in row.causes})))


def _rated(clips: Sequence[RatedClip], axes: Sequence[str]) -> Examples:
    for axis in axes:
        if not any(axis in rated.ratings for rated in clips):
            raise TrainingError(f"no clip is rated on {axis}")
    return Examples(clips, torch.tensor([[rated.ratings.get(axis, float("nan")) for axis in axes] for rated in clips]))


def _encode(rows: Sequence[Mapping[str, str]], vocabulary: Vocabulary) -> Tensor:
    """(clips, attributes): the place of each value in its attribute's list; a value that is not in it is unknown."""
    return torch.tensor(
        [
            [
                known.index(values[name]) if values.get(name) in known else NOT_MENTIONED
                for name, known in vocabulary.attributes.items()
            ]
            for values in rows
        ]
    )


def _rows(clips: Sequence[RatedClip], table: Mapping[str, Known], path: Path) -> list[Known]:
    """What is known of each clip, in their order."""
    rows = []
    for rated in clips:
        name = Path(rated.clip.path).name
        if name not in table:
            raise TrainingError(f"{path} has no row for {name}")
        rows.append(table[name])
    return rows
