"""Clips are rated: a panel says of each what its latent scores let them say, and each single word is kept."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.raters import Panel, draw_biases, rate


class Judged(Protocol):
    """A row of `causes.csv` of any layout, as far as raters and ceilings are concerned."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def name(self) -> str:
        """The clip's file name."""

    @property
    def system(self) -> str:
        """Who made it."""

    @property
    def split(self) -> str:
        """One of train, dev and test."""

    @property
    def latent(self) -> Mapping[str, float]:
        """Axis -> what the clip deserves."""

    @property
    def ratings(self) -> Mapping[str, float]:
        """Axis -> the mean of its ratings; equal to `latent` until it is rated."""


JudgedT = TypeVar("JudgedT", bound=Judged)


@dataclass(frozen=True, slots=True)
class Rating:
    """One rater's word on one clip: axis -> whole step of the scale. `rater` counts from 1."""

    name: str
    rater: int
    steps: dict[str, int]


def rate_clips(clips: Sequence[JudgedT], panel: Panel, seed: int) -> tuple[list[JudgedT], list[Rating]]:
    """`clips` with the mean of their ratings, and the single ratings, `panel.ratings_per_clip` of each."""
    biases = draw_biases(stream(seed, "raters"), panel)
    rated: list[JudgedT] = []
    ratings: list[Rating] = []
    for index, clip in enumerate(clips):
        raters, steps = rate(clip.latent, biases, stream(seed, "ratings", index), panel)
        rated.append(replace(clip, ratings=dict(zip(panel.axes, steps.mean(axis=0).tolist(), strict=True))))
        for rater, row in zip(raters, steps, strict=True):
            ratings.append(Rating(clip.name, int(rater) + 1, dict(zip(panel.axes, row.tolist(), strict=True))))
    return rated, ratings


def write_ratings(path: Path, ratings: Sequence[Rating], axes: Sequence[str]) -> None:
    """`name,rater,<axes>`: each single rating."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "rater", *axes))
        writer.writerows((row.name, f"R{row.rater:02d}", *(row.steps[axis] for axis in axes)) for row in ratings)
