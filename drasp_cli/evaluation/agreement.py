"""Scores against human ratings: joined clip by clip, with a word about everything that found no partner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from drasp_cli.datasets.ratings import RatedItem, Ratings
from drasp_cli.datatypes import ClipScore
from drasp_cli.errors import RatingsError
from drasp_cli.evaluation.join import JoinReport, join
from drasp_cli.evaluation.listeners import split_halves
from drasp_cli.evaluation.resampling import bootstrap_intervals
from drasp_cli.metrics import METRICS, ktau, lcc, mse, srcc, why_undefined


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
        listeners: metric -> agreement of two halves of the listeners; empty without single ratings.
        by_listener: whether each listener is wholly in one of those halves; else the ratings of each item are dealt,
            since the file does not say whose they are.
    """

    ratings: tuple[float, ...]
    scores: tuple[float, ...]
    mse: float
    lcc: float
    srcc: float
    ktau: float
    undefined: str | None
    listeners: Mapping[str, float] = field(default_factory=dict)
    by_listener: bool = False

    @property
    def figures(self) -> dict[str, float]:
        """Metric -> value, in the order of the paper."""
        return dict(zip(METRICS, (self.mse, self.lcc, self.srcc, self.ktau), strict=True))

    def intervals(self, *, seed: int = 0) -> dict[str, tuple[float, float]]:
        """Metric -> 95 % interval over items drawn with replacement; (NaN, NaN) where the metric is not defined."""
        return bootstrap_intervals(self.ratings, self.scores, seed=seed)

    def interval(self, metric: str, *, seed: int = 0) -> tuple[float, float]:
        """That of one metric."""
        return self.intervals(seed=seed)[metric]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One axis against its ratings.

    Attributes:
        axis: which.
        join: what was compared and what was not.
        clips: agreement over clips; None where systems were rated, and not clips.
        systems: agreement over the means of the systems; None where no clip names one.
        names: the systems, in the order of `systems`.
        system_of: (items,) the system of each clip of `clips`, empty for one that names none.
    """

    axis: str
    join: JoinReport
    clips: Agreement | None
    systems: Agreement | None
    names: tuple[str, ...]
    system_of: tuple[str, ...] = ()

    @property
    def system_ratings(self) -> dict[str, float]:
        """System -> its mean rating."""
        return {} if self.systems is None else dict(zip(self.names, self.systems.ratings, strict=True))


def evaluate(scores: Iterable[ClipScore], ratings: Mapping[str, float], axis: str) -> Evaluation:
    """Compare the scores on `axis` with the mean ratings of the same clips.

    A system's score and rating are the means over its clips that have both, so both are about the same clips. Clips
    without a system count at clip level only.

    Args:
        scores: scored clips.
        ratings: path, file name, stem or id of a clip -> its mean rating.
        axis: the axis to compare.

    Raises:
        RatingsError: a rating fits several clips, a clip has two ratings, or nothing is left to compare.
    """
    items = tuple(RatedItem((name,), "", {axis: (rating,)}) for name, rating in ratings.items())
    return evaluate_ratings(list(scores), Ratings("ratings", (axis,), items, False, False), axis, axis)


def evaluate_ratings(scores: Sequence[ClipScore], ratings: Ratings, axis: str, rated: str) -> Evaluation:
    """Compare the scores on `axis` with the ratings on `rated`, as `evaluate` does, with the listeners' own agreement.

    Where the scores name no system of a clip, the ratings may.

    Raises:
        RatingsError: as of `evaluate`.
    """
    items = [item for item in ratings.items if rated in item.ratings]
    places = join([row.clip for row in scores], [item.names for item in items], ratings.source)
    pairs: list[tuple[str, RatedItem, float]] = []
    without_score: list[str] = []
    for row, place in zip(scores, places, strict=True):
        score = row.scores.get(axis)
        if place is not None and score is None:
            without_score.append(row.clip.path)
        elif place is not None and score is not None:
            pairs.append((row.clip.system or items[place].system, items[place], score))
    only_scores = tuple(row.clip.path for row, place in zip(scores, places, strict=True) if place is None)
    taken = set(places)
    only_ratings = tuple(item.names[0] for place, item in enumerate(items) if place not in taken)
    report = JoinReport(len(pairs), only_scores, only_ratings, tuple(without_score))
    if not pairs:
        raise _nothing(ratings.source, axis, report, "clip")
    systems = [system for system, _, _ in pairs]
    single = [item.ratings[rated] for _, item, _ in pairs]
    listeners = _listeners([item for _, item, _ in pairs], rated)
    means = [_mean(values) for values in single]
    by_system: dict[str, list[tuple[float, float]]] = {}
    for (system, _, score), mean in zip(pairs, means, strict=True):
        if system:
            by_system.setdefault(system, []).append((mean, score))
    columns = [[_mean(column) for column in zip(*rows, strict=True)] for rows in by_system.values()]
    return Evaluation(
        axis,
        report,
        agreement(
            means,
            [score for _, _, score in pairs],
            split_halves(single, listeners=listeners),
            by_listener=listeners is not None,
        ),
        agreement(
            [rating for rating, _ in columns],
            [score for _, score in columns],
            split_halves(single, systems, listeners=listeners),
            by_listener=listeners is not None,
        )
        if columns
        else None,
        tuple(by_system),
        tuple(systems),
    )


def evaluate_systems(scores: Sequence[ClipScore], ratings: Ratings, axis: str, rated: str) -> Evaluation:
    """Compare the mean scores of systems on `axis` with ratings of the systems themselves.

    Raises:
        RatingsError: no system has both.
    """
    rated_systems = {item.names[0]: item for item in ratings.items if rated in item.ratings}
    scored: dict[str, list[float]] = {}
    without_score: dict[str, None] = {}
    for row in scores:
        score = row.scores.get(axis)
        if score is not None:
            scored.setdefault(row.clip.system, []).append(score)
        elif row.clip.system in rated_systems:
            without_score[row.clip.system] = None
    names = [name for name in scored if name in rated_systems]
    report = JoinReport(
        len(names),
        tuple(name for name in scored if name not in rated_systems),
        tuple(name for name in rated_systems if name not in scored and name not in without_score),
        tuple(name for name in without_score if name not in scored),
    )
    if not names:
        raise _nothing(ratings.source, axis, report, "system")
    single = [rated_systems[name].ratings[rated] for name in names]
    listeners = _listeners([rated_systems[name] for name in names], rated)
    found = agreement(
        [_mean(values) for values in single],
        [_mean(scored[name]) for name in names],
        split_halves(single, listeners=listeners),
        by_listener=listeners is not None,
    )
    return Evaluation(axis, report, None, found, tuple(names))


def agreement(
    ratings: Sequence[float],
    scores: Sequence[float],
    listeners: Mapping[str, float] | None = None,
    *,
    by_listener: bool = False,
) -> Agreement:
    """The four metrics on (items,) ratings and (items,) scores, beside what is known of the listeners' own.

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
        listeners or {},
        by_listener and bool(listeners),
    )


def _listeners(items: Sequence[RatedItem], axis: str) -> list[Sequence[str]] | None:
    """For each item who gave each of its ratings on `axis`; None where that is not known of every rating."""
    names = [item.listeners.get(axis, ()) for item in items]
    return names if all(some and all(some) for some in names) else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _nothing(source: str, axis: str, report: JoinReport, noun: str) -> RatingsError:
    counts = f"({len(report.only_scores)} {noun}s unrated, {len(report.without_score)} unscored)"
    example = ""
    if report.only_scores and report.only_ratings:
        example = f"; scores have '{report.only_scores[0]}', ratings '{report.only_ratings[0]}'"
    return RatingsError(source, f"no {noun} has both a rating and a score on {axis} {counts}{example}")
