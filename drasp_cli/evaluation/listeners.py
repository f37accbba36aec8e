"""How well listeners agree with one another: what no predictor of their ratings should be expected to beat by much.

The ratings of each clip are dealt at random into two halves of equal size (one is left out of an odd number), and the
means of the first are held against the means of the second by the same metrics as scores are. The figures are means
over many such splits. Each half has half of the ratings, so a predictor that were perfect would agree with the mean of
*all* ratings somewhat better than the halves with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from drasp_cli.metrics import METRICS

SPLITS: Final = 100


def split_halves(
    single: Sequence[Sequence[float]], systems: Sequence[str] | None = None, *, splits: int = SPLITS, seed: int = 0
) -> dict[str, float]:
    """Metric -> mean agreement of two halves of the listeners; empty where fewer than two clips have two ratings.

    Args:
        single: for each clip its single ratings; clips with fewer than two are left out.
        systems: for each clip its system, to compare means over systems and not clips; a clip without one is left out.
        splits: how often the ratings are dealt.
        seed: of the dealing.
    """
    kept = [i for i, ratings in enumerate(single) if len(ratings) > 1 and (systems is None or systems[i])]
    if len(kept) < 2:
        return {}
    values = np.concatenate([np.asarray(single[i], np.float64) for i in kept])
    sizes = np.array([len(single[i]) for i in kept])
    clip = np.repeat(np.arange(len(kept)), sizes)
    place = np.arange(len(values)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    half = np.repeat(sizes // 2, sizes)
    owner = None
    if systems is not None:
        _, owner = np.unique([systems[i] for i in kept], return_inverse=True)
        if owner.max() == 0:
            return {}
    random = np.random.default_rng(seed)
    found: dict[str, list[float]] = {name: [] for name in METRICS}
    for _ in range(splits):
        dealt = values[np.lexsort((random.random(len(values)), clip))]
        halves = []
        for mine in (place < half, (place >= half) & (place < 2 * half)):
            means = np.bincount(clip, dealt * mine) / (sizes // 2)
            halves.append(means if owner is None else np.bincount(owner, means) / np.bincount(owner))
        for name, metric in METRICS.items():
            found[name].append(metric(*halves))
    return {name: float(np.mean(figures)) for name, figures in found.items()}
