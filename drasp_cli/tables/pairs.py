"""The pair table: how far apart every two systems are on every axis, and what it would take to tell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drasp_cli.tables.columns import Column, Kind, Record, rounded
from drasp_cli.tables.score_table import MODEL_SEPARATOR, named_models
from drasp_cli.tables.systems import SystemTable

if TYPE_CHECKING:
    from drasp_cli.statistics.evidence import Evidence

NO_DIFFERENCE = "no difference seen"
TOO_FEW_CLIPS = "too few clips"

PAIR_COLUMNS = (
    Column("axis", Kind.TEXT),
    Column("system", Kind.TEXT),
    Column("other", Kind.TEXT),
    Column("difference", Kind.SCORE),
    Column("low", Kind.SCORE),
    Column("high", Kind.SCORE),
    Column("p", Kind.TIME),
    Column("p_holm", Kind.TIME),
    Column("separated", Kind.TEXT),
    Column("more_clips", Kind.COUNT),
    Column("more_prompts", Kind.COUNT),
    Column("shared", Kind.COUNT),
    Column("note", Kind.TEXT),
    Column("model", Kind.TEXT),
)


@dataclass(frozen=True, slots=True)
class SystemPair:
    """Two systems on one axis, the better one first.

    Attributes:
        axis: which.
        system: the one with the higher mean; of equal ones, the first by name.
        other: the other one.
        difference: of their means, at least 0.
        low: lower end of its 95 % interval, not corrected for the number of pairs; None where it cannot be tested.
        high: its upper end.
        p: chance of such a difference between equal systems; None likewise.
        p_holm: the same, corrected for the number of pairs of the axis.
        separated: whether they differ; None likewise.
        more_clips: clips that each would need beside its own to be separated, if the difference is what it looks;
            None where they are separated or `note` says why there is no number. They are for new prompts, with as many
            clips on each as now: if that differs between the two, as the one has that has more.
        more_prompts: how many prompts that is; as many as clips where no prompt has several of one system.
        shared: how many prompts both have clips of.
        note: `NO_DIFFERENCE`, `TOO_FEW_CLIPS` (one of the two has fewer than two), or empty.
    """

    axis: str
    system: str
    other: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    separated: bool | None
    more_clips: int | None
    more_prompts: int | None
    shared: int
    note: str


def system_pairs(table: SystemTable, axis: str, *, neighbours_only: bool = False) -> Iterator[SystemPair]:
    """The pairs of a ranked table on one axis, from the best system down; systems without a mean are in none.

    Args:
        table: of `rank_systems`.
        axis: one of its axes.
        neighbours_only: only systems of which one follows the other by mean.
    """
    import numpy as np

    from drasp_cli.statistics.planning import more_clusters, no_difference

    evidence = table.evidence[axis]
    names = sorted(row.system for row in table.systems)
    order = [int(place) for place in np.argsort(-evidence.means, kind="stable") if not np.isnan(evidence.means[place])]
    test = evidence.comparison
    needed, undecided = more_clusters(test), no_difference(test)
    for rank, a in enumerate(order):
        others = order[rank + 1 : rank + 2 if neighbours_only else None]
        for b, low, high in zip(others, *evidence.difference_intervals(a, others), strict=True):
            is_tested = not np.isnan(test.p[a, b])
            prompts = None if np.isnan(needed[a, b]) else int(needed[a, b])
            yield SystemPair(
                axis,
                names[a],
                names[b],
                float(test.difference[a, b]),
                _known(low),
                _known(high),
                _known(test.p[a, b]),
                _known(test.p_holm[a, b]),
                bool(test.separated[a, b]) if is_tested else None,
                None if prompts is None else max(_clips_on(prompts, evidence, system) for system in (a, b)),
                prompts,
                int(test.shared[a, b]),
                NO_DIFFERENCE if undecided[a, b] else "" if is_tested else TOO_FEW_CLIPS,
            )


def pair_records(table: SystemTable) -> Iterator[Record]:
    """The rows of the pair table of a ranked table, axis by axis, under `PAIR_COLUMNS`."""
    models = {row.system: row.models for row in table.systems}
    for axis in table.axes:
        for pair in system_pairs(table, axis):
            yield (
                *(pair.axis, pair.system, pair.other, rounded(pair.difference), rounded(pair.low), rounded(pair.high)),
                *(_four_digits(pair.p), _four_digits(pair.p_holm)),
                {True: "yes", False: "no", None: ""}[pair.separated],
                *(pair.more_clips, pair.more_prompts, pair.shared, pair.note),
                MODEL_SEPARATOR.join(named_models((*models[pair.system], *models[pair.other]))),
            )


def how_many_more(clips: int, prompts: int) -> str:
    """What would separate two systems, in words, from the numbers of a pair that has them.

    >>> how_many_more(41, 41), how_many_more(3720, 930)
    ('41 more clips of each', '930 more prompts (3,720 clips of each)')
    """
    return (
        f"{clips:,} more clips of each" if clips == prompts else f"{prompts:,} more prompts ({clips:,} clips of each)"
    )


def _clips_on(prompts: int, evidence: Evidence, system: int) -> int:
    """How many clips a system has on so many prompts, as on those it has; rounded up."""
    return -(-prompts * int(evidence.clips[system]) // int(evidence.comparison.shared[system, system]))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _four_digits(p: float | None) -> float | None:
    return None if p is None else float(f"{p:.4g}")
