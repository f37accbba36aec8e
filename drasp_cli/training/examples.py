"""Rated clips and their causes, as the tensors that the losses compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from drasp_cli.datasets.causes import Causes, read_causes
from drasp_cli.datasets.musiceval import RatedClip, read_musiceval
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
        heard: (clips, attributes) int64, what the music realises; None without causes.
        asked: (clips, attributes) int64, what the prompt mentions, else `NOT_MENTIONED`; None without causes.
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
    """Training and validation split of a data set in MusicEval's layout, with its causes where it has them.

    Raises:
        InputError: a file of the data set is malformed.
        TrainingError: an axis is not rated, or a clip is missing from `causes.csv`.
    """
    train, dev = read_musiceval(folder, "train"), read_musiceval(folder, "dev")
    path = folder / "causes.csv"
    table = read_causes(path) if path.exists() else None
    vocabulary = None if table is None else _vocabulary(train, table, path)
    return _tensors(train, axes, table, vocabulary, path), _tensors(dev, axes, table, vocabulary, path), vocabulary


def _vocabulary(train: Sequence[RatedClip], table: Mapping[str, Causes], path: Path) -> Vocabulary:
    rows = [_row(rated, table, path) for rated in train]
    names = sorted({name for row in rows for name in row.heard})
    attributes = {name: tuple(sorted({row.heard[name] for row in rows if row.heard.get(name)})) for name in names}
    return Vocabulary(attributes, tuple(sorted({name for row in rows for name in row.causes})))


def _tensors(
    clips: Sequence[RatedClip],
    axes: Sequence[str],
    table: Mapping[str, Causes] | None,
    vocabulary: Vocabulary | None,
    path: Path,
) -> Examples:
    for axis in axes:
        if not any(axis in rated.ratings for rated in clips):
            raise TrainingError(f"no clip is rated on {axis}")
    ratings = torch.tensor([[rated.ratings.get(axis, float("nan")) for axis in axes] for rated in clips])
    if table is None or vocabulary is None:
        return Examples(clips, ratings)
    rows = [_row(rated, table, path) for rated in clips]

    def encode(values: Mapping[str, str]) -> list[int]:
        return [
            known.index(values[name]) if values.get(name) in known else NOT_MENTIONED
            for name, known in vocabulary.attributes.items()
        ]

    return Examples(
        clips,
        ratings,
        heard=torch.tensor([encode(row.heard) for row in rows]),
        asked=torch.tensor([encode(row.prompt) for row in rows]),
        causes=torch.tensor([[row.causes[name] for name in vocabulary.causes] for row in rows]),
    )


def _row(rated: RatedClip, table: Mapping[str, Causes], path: Path) -> Causes:
    name = Path(rated.clip.path).name
    if name not in table:
        raise TrainingError(f"{path} has no row for {name}")
    return table[name]
