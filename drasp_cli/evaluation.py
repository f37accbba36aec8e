"""Scores against human ratings: joined clip by clip, with a word about everything that found no partner."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drasp_cli.datatypes import ClipScore
from drasp_cli.errors import RatingsError
from drasp_cli.metrics import ktau, lcc, mse, srcc, why_undefined


@dataclass(frozen=True, slots=True)
class JoinReport:
    """What a join kept and what it could not.

    Attributes:
        matched: clips with a score and a rating.
        only_scores: paths with a score and no rating, in the order of the scores.
        only_ratings: names with a rating and no clip, in the order of the ratings.
        without_score: paths that were rated, but have no score on this axis.
    """

    matched: int
    only_scores: tuple[str, ...]
    only_ratings: tuple[str, ...]
    without_score: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well scores follow ratings at one level.

    Attributes:
        ratings: (items,) mean ratings, the reference.
        scores: (items,) scores, the predicted.
        mse: mean squared error.
        lcc: Pearson's r, SRCC and KTAU likewise in [-1, 1]; NaN where `undefined` says why.
        srcc: Spearman's rho.
        ktau: Kendall's tau-b.
        undefined: why the correlations are NaN; None when they are numbers.
    """

    ratings: tuple[float, ...]
    scores: tuple[float, ...]
    mse: float
    lcc: float
    srcc: float
    ktau: float
    undefined: str | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One axis against its ratings.

    Attributes:
        axis: which.
        join: what was compared and what was not.
        clips: agreement over clips.
        systems: agreement over the means of the systems; None where no clip names one.
        names: the systems, in the order of `systems`.
    """

    axis: str
    join: JoinReport
    clips: Agreement
    systems: Agreement | None
    names: tuple[str, ...]


def evaluate(scores: Iterable[ClipScore], ratings: Mapping[str, float], axis: str) -> Evaluation:
    """Compare the scores on `axis` with the mean ratings of the same clips.

    A system's score and rating are the means over its clips that have both, so both are about the same clips. Clips
    without a system count at clip level only.

    Args:
        scores: scored clips.
        ratings: path or file name of a clip -> its mean rating.
        axis: the axis to compare.

    Raises:
        RatingsError: a rating fits several clips, a clip has two ratings, or nothing is left to compare.
    """
    pairs: list[tuple[str, float, float]] = []  # system, rating, score
    only_scores: list[str] = []
    without_score: list[str] = []
    taken: dict[str, str] = {}  # key of a rating -> path of the clip that has it
    for row in scores:
        path = row.clip.path
        key = _key_of(path, ratings)
        if key is None:
            only_scores.append(path)
            continue
        if key in taken:
            raise RatingsError("ratings", f"'{key}' fits both '{taken[key]}' and '{path}'; name clips by their path")
        taken[key] = path
        score = row.scores.get(axis)
        if score is None:
            without_score.append(path)
        else:
            pairs.append((row.clip.system, ratings[key], score))
    only_ratings = tuple(key for key in ratings if key not in taken)
    if not pairs:
        reason = f"no clip has both a rating and a score on {axis}"
        raise RatingsError("ratings", f"{reason} ({len(only_scores)} clips unrated, {len(without_score)} unscored)")
    by_system: dict[str, list[tuple[float, float]]] = {}
    for system, rating, score in pairs:
        if system:
            by_system.setdefault(system, []).append((rating, score))
    means = [[sum(column) / len(column) for column in zip(*rows, strict=True)] for rows in by_system.values()]
    return Evaluation(
        axis,
        JoinReport(len(pairs), tuple(only_scores), only_ratings, tuple(without_score)),
        agreement([rating for _, rating, _ in pairs], [score for _, _, score in pairs]),
        agreement([rating for rating, _ in means], [score for _, score in means]) if means else None,
        tuple(by_system),
    )


def agreement(ratings: Sequence[float], scores: Sequence[float]) -> Agreement:
    """The four metrics on (items,) ratings and (items,) scores.

    Raises:
        RatingsError: they are not equally long, empty, or not finite.
    """
    return Agreement(
        tuple(ratings),
        tuple(scores),
        mse(ratings, scores),
        lcc(ratings, scores),
        srcc(ratings, scores),
        ktau(ratings, scores),
        why_undefined(ratings, scores),
    )


def _key_of(path: str, ratings: Mapping[str, float]) -> str | None:
    """How the ratings call the clip at `path`: by the path, or by the file name."""
    name = os.path.basename(path)  # noqa: PTH119
    keys = [key for key in dict.fromkeys((path, name)) if key in ratings]
    if len(keys) > 1:
        raise RatingsError("ratings", f"'{path}' is rated twice, as '{keys[0]}' and as '{keys[1]}'")
    return keys[0] if keys else None
