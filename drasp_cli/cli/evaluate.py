"""`drasp evaluate`: a score table and human ratings to MSE, LCC, SRCC and KTAU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from drasp_cli.cli import options
from drasp_cli.cli.output import Talk, counted
from drasp_cli.errors import RatingsError

if TYPE_CHECKING:
    from drasp_cli.datasets.ratings import Ratings
    from drasp_cli.evaluation import Evaluation

_LAYOUTS = ("long", "paper")


def evaluate(
    scores: Annotated[list[str], typer.Argument(metavar="SCORES", help="Score tables, or folders of them.")],
    ratings: options.Ratings,
    axis: options.Axis = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse where a clip has a score or a rating, and not both.")
    ] = False,
    layout: Annotated[
        str, typer.Option(help="long, or paper: the row of Table I (MI, TA) or Table II (PQ, PC, CE, CU).")
    ] = "long",
    output: options.Output = None,
    format: options.Format = None,
    quiet: options.Quiet = False,
) -> None:
    """Compare scores with human ratings: MSE, LCC, SRCC and KTAU over clips and systems, with 95 % intervals."""
    options.check_format(format, output)
    options.check_output(output, [*scores, ratings])
    if layout not in _LAYOUTS:
        raise typer.BadParameter(f"'{layout}' is not one of {', '.join(_LAYOUTS)}", param_hint="--layout")
    from drasp_cli.cli.show import check_destination, show_evaluations, show_paper_row
    from drasp_cli.tables.score_table import MODEL_SEPARATOR

    check_destination(format, output)
    talk = Talk(quiet)
    results, model = evaluate_files(scores, ratings, axis, talk)
    if strict:
        _refuse_unmatched(results, ratings)
    if layout == "paper":
        from drasp_cli.evaluation.paper import paper_row

        show_paper_row(paper_row(results, model or "drasp"), format=format, output=output)
    else:
        show_evaluations(results, model.split(MODEL_SEPARATOR), format=format, output=output)


def evaluate_files(scores: Sequence[str], ratings: str, axis: str | None, talk: Talk) -> tuple[list[Evaluation], str]:
    """The scores of tables against the ratings of a file, axis by axis, with a notice of what was not compared; model.

    Raises:
        TableError: a score table cannot be read.
        RatingsError: the ratings cannot be read, or nothing in them fits.
    """
    from drasp_cli.cli.means import MeansWatch
    from drasp_cli.tables.reading import read_score_tables

    means = MeansWatch()
    rows = list(means.watch(read_score_tables(scores)))
    means.tell_simulated(talk)
    from drasp_cli.datasets.ratings import read_ratings
    from drasp_cli.evaluation import evaluate_ratings, evaluate_systems
    from drasp_cli.evaluation.axes import match_axes, names_of_axes

    axes = tuple(dict.fromkeys(axis for row in rows for axis in row.scores))
    rated = read_ratings(ratings, names_of_axes(axes))
    compare = evaluate_systems if rated.of_systems else evaluate_ratings
    results = [compare(rows, rated, ours, theirs) for ours, theirs in match_axes(axes, rated, axis).items()]
    _tell(results, rated, talk)
    return results, next((model for model in means.models if model), "")


def _tell(results: Sequence[Evaluation], ratings: Ratings, talk: Talk) -> None:
    """What was joined, and what found no partner."""
    noun = "system" if ratings.of_systems else "clip"
    for result in results:
        join = result.join
        parts = [f"{counted(join.matched, noun)} with a score and a rating"]
        for names, what in (
            (join.only_scores, "without a rating"),
            (join.only_ratings, "rated and without a row of scores"),
            (join.without_score, "rated and without a score on the axis"),
        ):
            if names:
                parts.append(f"{len(names)} {what} (such as {names[0]})")
        talk.notice(f"{result.axis}: {', '.join(parts)}")
        if result.systems is None:
            talk.notice(f"{result.axis}: no clip names its system, so there is no system level")


def _refuse_unmatched(results: Sequence[Evaluation], source: str) -> None:
    for result in results:
        for names, what in (
            (result.join.only_scores, "has no rating"),
            (result.join.only_ratings, "is rated and has no row of scores"),
            (result.join.without_score, "is rated and has no score"),
        ):
            if names:
                others = f"; so it is with {len(names) - 1} more" if len(names) > 1 else ""
                raise RatingsError(source, f"'{names[0]}' {what} on {result.axis}{others}")
