"""Systems ranked by scores of tables, or by those of audio that is scored first: two ways to one value, shown alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import typer

from drasp_cli.cli.means import MeansWatch, tell_evidence, tell_failed
from drasp_cli.cli.ratings import RatedAxes, axes_of, compare_with_ratings, read_rated_axes, scored_axes
from drasp_cli.cli.show import show_agreement, show_pairs, show_systems
from drasp_cli.errors import InputError, TableError
from drasp_cli.tables.ranking import axes_to_choose, rank_systems
from drasp_cli.tables.reading import read_score_tables
from drasp_cli.tables.sample import ClipSample
from drasp_cli.tables.systems import SystemTable, with_ratings

if TYPE_CHECKING:
    from drasp_cli.cli.job import ScoringJob
    from drasp_cli.cli.output import Talk
    from drasp_cli.datasets.manifest import ClipList
    from drasp_cli.datatypes import ClipScore
    from drasp_cli.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked systems and what is to be said of them.

    Attributes:
        table: the systems, with their mean ratings where ratings were given.
        sample: the clips behind it.
        compared: agreement with the ratings, axis by axis.
        means: what watched the rows.
        simulated: whose scores behind it come of simulated ratings.
        report: tells what there is to tell of where the scores came from.
    """

    table: SystemTable
    sample: ClipSample
    compared: Sequence[Evaluation]
    means: MeansWatch
    simulated: Sequence[str]
    report: Callable[[], None]

    @property
    def failed(self) -> int:
        """How many clips could not be scored."""
        return _failed(self.table)


def rank_tables(
    tables: Sequence[str], by: str | None, ratings: str | None, talk: Talk, *, allow_mixed: bool
) -> Ranking:
    """The systems of score tables.

    Args:
        tables: the files.
        by: the axis to sort by, and that of ratings that do not say theirs; None for the first.
        ratings: a file of human ratings.
        talk: for notices.
        allow_mixed: take rows that several models scored.

    Raises:
        TableError: a table cannot be read, or no clip has a score to rank by.
        RatingsError: the ratings cannot be read, or nothing in them fits.
    """
    means = MeansWatch()
    rows: Iterable[ClipScore] = means.watch(read_score_tables(tables, allow_mixed=allow_mixed))
    rated: RatedAxes | None = None
    if ratings is not None:
        rows = list(rows)
        rated = read_rated_axes(ratings, axes_of(rows), if_unnamed=by, scored=scored_axes(rows))
    table, sample, compared = _rank(rows, by, rated, talk, allow_mixed=allow_mixed)
    _refuse_empty(by, table, means)
    return Ranking(table, sample, compared, means, means.simulated, partial(_report_tables, table, means, talk))


def rank_audio(clips: ClipList, job: ScoringJob, by: str | None, ratings: str | None) -> Ranking:
    """The systems of clips, which are scored first; a mistake in `by` or `ratings` is told before that.

    Args:
        clips: clips, of which some have systems.
        job: how to score them.
        by: as of `rank_tables`.
        ratings: likewise.

    Raises:
        DraspError: of scoring, and InputError for clips without the prompts that `by` needs.
        RatingsError: the ratings cannot be read, or nothing in them fits.
    """
    _check_axis(by, job, clips)
    rated: RatedAxes | None = None
    if ratings is not None:
        rated = read_rated_axes(ratings, job.axes, if_unnamed=by, scored=job.axes_to_score(clips))
    means = MeansWatch()
    table, sample, compared = _rank(means.watch(job.rows(clips)), by, rated, job.talk)
    return Ranking(table, sample, compared, means, job.simulated, job.report)


def show_ranking(
    ranking: Ranking,
    results: Sequence[str],
    *,
    pairwise: bool,
    format: str | None,
    output: str | None,
    plot: str | None,
    talk: Talk,
) -> None:
    """A ranking on standard output or in the file `output`, in the picture `plot`, and in notices.

    Args:
        ranking: what is shown.
        results: what was ranked, as typed.
        pairwise: show pairs of systems in place of systems.
        format: of standard output.
        output: the file.
        plot: the picture.
        talk: for notices.

    Raises:
        OutputError: a file cannot be written.
    """
    show = show_pairs if pairwise else show_systems
    show(ranking.table, format=format, output=output, simulated=ranking.simulated)
    if plot is not None:
        from drasp_cli.cli.pictures import picture_ranking

        picture_ranking(ranking.table, ranking.sample, results, is_simulated=bool(ranking.simulated), path=plot)
    if ranking.compared:
        show_agreement(ranking.compared, format=format, output=output, talk=talk)
    ranking.means.tell_doubtful(talk)
    tell_evidence(ranking.table, ranking.means, talk)
    ranking.report()


def _failed(table: SystemTable) -> int:
    return sum(row.failed for row in table.systems)


def _report_tables(table: SystemTable, means: MeansWatch, talk: Talk) -> None:
    means.tell_systemless(talk)
    means.tell_simulated(talk)
    means.tell_mixed(talk)
    tell_failed(_failed(table), talk)


def _rank(
    rows: Iterable[ClipScore], by: str | None, rated: RatedAxes | None, talk: Talk, *, allow_mixed: bool = False
) -> tuple[SystemTable, ClipSample, list[Evaluation]]:
    """The ranked table of `rows`, the clips behind it, and how well they agree with ratings."""
    compared: list[Evaluation] = []
    if rated is not None:
        rows = list(rows)
        compared = compare_with_ratings(rows, rated, talk)
    sample = ClipSample()
    table = rank_systems(rows, by, allow_mixed=allow_mixed, sample=sample)
    return with_ratings(table, {one.axis: one.system_ratings for one in compared}), sample, compared


def _check_axis(by: str | None, job: ScoringJob, clips: ClipList) -> None:
    """Refuses an axis that no model scores, or that none can without prompts, before anything is scored.

    Raises:
        InputError: there are no prompts, and `by` needs them.
    """
    axes = job.axes
    if by is not None and by not in axes:
        reason = f"'{by}' is no axis of {' or '.join(job.models)}; there is {axes_to_choose(by, axes)}"
        raise typer.BadParameter(reason, param_hint="--by")
    if by in job.reading and not any(clip.prompt for clip in clips):
        raise InputError(clips[0].path, f"has no prompt, nor has any other clip, and {by} needs them; add --prompts")


def _refuse_empty(by: str | None, table: SystemTable, means: MeansWatch) -> None:
    """Refuses to rank tables by an axis that none of their clips has a score on.

    Raises:
        TableError: none has, though not all have failed.
    """
    if by is None or any(row.scored[by] or row.clips == row.failed for row in table.systems):
        return
    raise TableError("the scores", f"hold none on {by} to rank by{means.why_empty}")
