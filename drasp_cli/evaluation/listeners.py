"""How well listeners agree with one another: what no predictor of their ratings should be expected to beat by much.

Two halves are held against each other by the same metrics as scores are, and the figures are means over many random
splits. Where each rating names its listener, the halves are halves of the *listeners*: each of them is wholly in one
(of an odd number one is left out), and compared are the means of what both halves rated. Somebody who rates everything
three points higher then moves a whole half, which costs no correlation, as it costs none of the mean rating either. In
a test where each listener heard a few clips only, the halves of a clip's ratings are unequal, an item that one half
did not rate drops out of that split, and a split that keeps less than a quarter of the items, or fewer than two, does
not count.

Where names are missing, the ratings of each clip are dealt anew into two halves of equal size (one is left out of an
odd number). A listener's personal level is noise then, and the figures are lower than those of true halves.

Each half has half of the ratings, so a predictor that were perfect would agree with the mean of *all* ratings somewhat
better than the halves with each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drasp_cli.metrics import METRICS

SPLITS: Final = 100
_LEAST_SHARE: Final = 0.25  # of the items that a split is to keep: half of them are lost where two listeners rated each

Values = NDArray[np.float64]


def split_halves(
    single: Sequence[Sequence[float]],
    systems: Sequence[str] | None = None,
    *,
    listeners: Sequence[Sequence[str]] | None = None,
    splits: int = SPLITS,
    seed: int = 0,
) -> dict[str, float]:
    """Metric -> mean agreement of two halves of the listeners; empty where fewer than two clips have two ratings.

    It is empty, too, where fewer than half of the splits keep enough items. Splits on which a metric is not defined are
    left out of its mean, which is NaN where that is half of them or more.

    Args:
        single: for each clip its single ratings; clips with fewer than two are left out.
        systems: for each clip its system, to compare means over systems and not clips; a clip without one is left out.
        listeners: for each clip the names of those who gave its ratings; None where the ratings are to be dealt clip
            by clip. A clip that only one of them rated is left out.
        splits: how often the halves are drawn.
        seed: of the drawing.
    """
    raters = single if listeners is None else [set(names) for names in listeners]
    kept = [i for i, heard in enumerate(raters) if len(heard) > 1 and (systems is None or systems[i])]
    if len(kept) < 2:
        return {}
    values = np.concatenate([np.asarray(single[i], np.float64) for i in kept])
    clip = np.repeat(np.arange(len(kept)), [len(single[i]) for i in kept])
    owner = np.arange(len(kept))
    if systems is not None:
        _, owner = np.unique([systems[i] for i in kept], return_inverse=True)
        if owner.max() == 0:
            return {}
    random = np.random.default_rng(seed)
    if listeners is None:
        halves = _dealt(clip, splits, random)
    else:
        _, listener = np.unique([name for i in kept for name in listeners[i]], return_inverse=True)
        halves = _parted(listener, splits, random)
    found: dict[str, list[float]] = {name: [] for name in METRICS}
    used = 0
    for first, second in halves:
        means = _means(values, clip, owner, first, second)
        if len(means[0]) < max(2, _LEAST_SHARE * (owner.max() + 1)):
            continue
        used += 1
        for name, metric in METRICS.items():
            found[name].append(metric(*means))
    return {name: _typical(figures) for name, figures in found.items()} if 2 * used >= splits else {}


def _dealt(clip: NDArray[np.intp], splits: int, random: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
    """(2, ratings): which ratings are in the one half and in the other, as many of each clip in both."""
    sizes = np.bincount(clip)
    place = np.arange(len(clip)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    half = np.repeat(sizes // 2, sizes)
    for _ in range(splits):
        order = np.lexsort((random.random(len(clip)), clip))
        halves = np.zeros((2, len(clip)), np.bool_)
        halves[:, order] = place < half, (place >= half) & (place < 2 * half)
        yield halves


def _parted(listener: NDArray[np.intp], splits: int, random: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
    """(2, ratings): the same, all ratings of a listener on one side."""
    number = int(listener.max()) + 1
    for _ in range(splits):
        place = random.permutation(number)[listener]
        half = number // 2
        yield np.stack((place < half, (place >= half) & (place < 2 * half)))


def _means(
    values: Values,
    clip: NDArray[np.intp],
    owner: NDArray[np.intp],
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
) -> tuple[Values, Values]:
    """(items,) mean ratings by the two halves, of the clips that both rated, or of their systems.

    Args:
        values: (ratings,).
        clip: (ratings,) which clip is rated.
        owner: (clips,) the item that a clip is averaged into.
        first: (ratings,) those of the one half.
        second: (ratings,) those of the other.
    """
    counts = [np.bincount(clip[half], minlength=len(owner)) for half in (first, second)]
    both = (counts[0] > 0) & (counts[1] > 0)
    clips = np.bincount(owner[both], minlength=int(owner.max()) + 1)
    one, other = (
        np.bincount(
            owner[both],
            np.bincount(clip[half], values[half], len(owner))[both] / count[both],
            len(clips),
        )[clips > 0]
        / clips[clips > 0]
        for half, count in zip((first, second), counts, strict=True)
    )
    return one, other


def _typical(figures: Sequence[float]) -> float:
    defined = [figure for figure in figures if np.isfinite(figure)]
    return float(np.mean(defined)) if 2 * len(defined) > len(figures) else float("nan")
