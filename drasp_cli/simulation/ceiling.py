"""How well anything could predict the ratings: the correlation of what a clip deserves with the mean of its ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import pearsonr, spearmanr

from drasp_cli.simulation.rating import Judged


@dataclass(frozen=True, slots=True)
class CeilingRow:
    """Latent against mean rating, once.

    Attributes:
        clips: "all", or "test" for the test split alone.
        level: "clip" or "system" (means over a system's clips).
        axis: such as "MI".
        count: number of points, clips or systems.
        lcc: Pearson's correlation; NaN with fewer than two points or where either side is constant.
        srcc: Spearman's, NaN likewise.
    """

    clips: str
    level: str
    axis: str
    count: int
    lcc: float
    srcc: float


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Its rows: all and test, clip and system, each axis."""

    rows: tuple[CeilingRow, ...]


def measure_ceiling(judged: Sequence[Judged]) -> Ceiling:
    """The ceiling of a simulated listening test, from the causes and ratings of its clips; at least one."""
    rows = []
    for clips in ("all", "test"):
        chosen = [row for row in judged if clips == "all" or row.split == clips]
        for level in ("clip", "system"):
            for axis in judged[0].ratings:
                latent = np.array([row.latent[axis] for row in chosen])
                rated = np.array([row.ratings[axis] for row in chosen])
                if level == "system":
                    systems = np.array([row.system for row in chosen])
                    names = np.unique(systems)
                    latent = np.array([latent[systems == name].mean() for name in names])
                    rated = np.array([rated[systems == name].mean() for name in names])
                rows.append(CeilingRow(clips, level, axis, len(latent), *_correlations(latent, rated)))
    return Ceiling(tuple(rows))


def _correlations(latent: np.ndarray, rated: np.ndarray) -> tuple[float, float]:
    if len(latent) < 2 or np.ptp(latent) == 0.0 or np.ptp(rated) == 0.0:
        return float("nan"), float("nan")
    return float(pearsonr(latent, rated).statistic), float(spearmanr(latent, rated).statistic)
