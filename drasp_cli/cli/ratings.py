"""Human ratings beside scores, as a terminal sees them: read, joined, and told what found no partner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drasp_cli.cli.output import Talk, counted
from drasp_cli.errors import RatingsError

if TYPE_CHECKING:
    from drasp_cli.datasets.ratings import Ratings
    from drasp_cli.datatypes import ClipScore
    from drasp_cli.evaluation import Agreement, Evaluation


@dataclass(frozen=True, slots=True)
class RatedAxes:
    """Ratings of a file, and what they are held against.

    Attributes:
        ratings: what the file holds.
        axes: axis of the scores -> axis of the ratings.
    """

    ratings: Ratings
    axes: Mapping[str, str]


def read_rated_axes(
    path: str,
    axes: Sequence[str],
    *,
    only: str | None = None,
    if_unnamed: str | None = None,
    scored: Sequence[str] = (),
) -> RatedAxes:
    """The ratings of a file for scores on `axes`.

    Args:
        path: the file.
        axes: of the scores.
        only: the only axis to take; None takes all that are rated.
        if_unnamed: the axis of ratings that do not say theirs.
        scored: which of `axes` have a score at all, as far as that is known; where it is one, ratings that do not say
            their axis are of that one.

    Raises:
        RatingsError: the ratings cannot be read, are scores of drasp, or are of no axis of the scores.
    """
    from drasp_cli.datasets.ratings import UNNAMED, read_ratings
    from drasp_cli.evaluation.axes import match_axes, names_of_axes
    from drasp_cli.tables.reading import is_score_table

    if is_score_table(path):
        raise RatingsError(path, "is a table of scores, which a model predicted; ratings are what people said")
    ratings = read_ratings(path, names_of_axes(axes))
    wanted = only
    if only is None and ratings.axes == (UNNAMED,):
        wanted = if_unnamed or (scored[0] if len(scored) == 1 else None)
    return RatedAxes(ratings, match_axes(axes, ratings, wanted))


def compare_with_ratings(
    rows: Sequence[ClipScore], rated: RatedAxes, talk: Talk, *, strict: bool = False, whose: str = ""
) -> list[Evaluation]:
    """The scores of `rows` against ratings, axis by axis, with a notice of what was not compared.

    An axis that no row has a score on, such as TA where no prompts were given, is passed over beside others.

    Args:
        rows: scored clips.
        rated: the ratings, and the axes to compare.
        talk: for the notices.
        strict: pass nothing over.
        whose: what the notices call these scores, where there are others beside them.

    Raises:
        RatingsError: nothing fits, or something fits two.
    """
    from drasp_cli.evaluation import evaluate_ratings, evaluate_systems

    begin = f"{whose}, " if whose else ""
    compare = evaluate_systems if rated.ratings.of_systems else evaluate_ratings
    scored = set(scored_axes(rows))
    passed_over = [] if strict or scored.isdisjoint(rated.axes) else [axis for axis in rated.axes if axis not in scored]
    for axis in passed_over:
        talk.notice(f"{begin}{axis}: rated, and no row has a score on it; it is not compared")
    axes = {ours: theirs for ours, theirs in rated.axes.items() if ours not in passed_over}
    results = [compare(rows, rated.ratings, ours, theirs) for ours, theirs in axes.items()]
    noun = "system" if rated.ratings.of_systems else "clip"
    for result in results:
        talk.notice(f"{begin}{result.axis}: {_joined(result, noun)}")
        if result.systems is None:
            talk.notice(f"{begin}{result.axis}: no clip names its system, so there is no system level")
        if (level := result.clips or result.systems) is not None and level.listeners:
            talk.notice(f"{begin}{result.axis}: the listeners' own agreement is between two halves of {_halved(level)}")
    return results


def _halved(level: Agreement) -> str:
    if level.by_listener:
        return "them, each listener wholly in one"
    return "each item's ratings, which do not all name their listener; personal levels count as noise"


def axes_of(rows: Iterable[ClipScore]) -> tuple[str, ...]:
    """The axes of rows, in order of first sight."""
    return tuple(dict.fromkeys(axis for row in rows for axis in row.scores))


def scored_axes(rows: Iterable[ClipScore]) -> tuple[str, ...]:
    """Those of them on which any row has a score."""
    found = (axis for row in rows for axis, score in row.scores.items() if score is not None)
    return tuple(dict.fromkeys(found))


def _joined(result: Evaluation, noun: str) -> str:
    """What was joined, and what found no partner."""
    left_over = [f"{len(names)} {why} (such as {names[0]})" for why, names in result.join.left_over.items()]
    return ", ".join([f"{counted(result.join.matched, noun)} with a score and a rating", *left_over])
