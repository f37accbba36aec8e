"""`drasp evaluate`: a score table and human ratings to MSE, LCC, SRCC and KTAU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from drasp_cli.cli import options
from drasp_cli.cli.output import Talk
from drasp_cli.cli.ratings import axes_of, compare_with_ratings, read_rated_axes, scored_axes
from drasp_cli.errors import RatingsError

if TYPE_CHECKING:
    from drasp_cli.cli.means import MeansWatch
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
    by_segment_size: Annotated[
        bool,
        typer.Option(
            "--by-segment-size",
            help="Take scores of several checkpoints, and compare them by the segment size of their poolings.",
        ),
    ] = False,
    output: options.Output = None,
    format: options.Format = None,
    plot: options.Plot = None,
    quiet: options.Quiet = False,
) -> None:
    """Compare scores with human ratings: MSE, LCC, SRCC and KTAU over clips and systems, with 95 % intervals."""
    options.check_format(format, output)
    options.check_output(output, [*scores, ratings])
    options.check_plot(plot, [*scores, ratings])
    if layout not in _LAYOUTS:
        raise typer.BadParameter(f"'{layout}' is not one of {', '.join(_LAYOUTS)}", param_hint="--layout")
    if by_segment_size and layout != "long":
        raise typer.BadParameter(f"goes not with --layout {layout}", param_hint="--by-segment-size")
    from drasp_cli.cli.show import check_destination, show_evaluations, show_paper_row, show_segment_sizes
    from drasp_cli.tables.score_table import MODEL_SEPARATOR

    check_destination(format, output)
    talk = Talk(quiet)
    if by_segment_size:
        from drasp_cli.cli.pictures import picture_segment_sizes
        from drasp_cli.cli.segment_sizes import evaluate_segment_sizes

        found, watches = evaluate_segment_sizes(scores, ratings, axis, talk, strict=strict)
        if strict:
            _refuse_unmatched([one.result for one in found], ratings)
        simulated = [label for watch in watches for label in watch.simulated]
        show_segment_sizes(found, format=format, output=output, simulated=simulated)
        if plot is not None:
            picture_segment_sizes(found, scores, ratings, watches, path=plot)
        return
    results, means = evaluate_files(scores, ratings, axis, talk, strict=strict)
    if strict:
        _refuse_unmatched(results, ratings)
    if layout == "paper":
        from drasp_cli.evaluation.paper import paper_row

        show_paper_row(paper_row(results, means.model or "drasp"), format=format, output=output)
    else:
        models = means.model.split(MODEL_SEPARATOR)
        show_evaluations(results, models, format=format, output=output, simulated=means.simulated)
    if plot is not None:
        from drasp_cli.cli.pictures import picture_agreement

        picture_agreement(results, scores, ratings, means, path=plot)


def evaluate_files(
    scores: Sequence[str], ratings: str, axis: str | None, talk: Talk, *, strict: bool = False
) -> tuple[list[Evaluation], MeansWatch]:
    """The scores of tables against the ratings of a file, axis by axis, and what watched the rows.

    A notice says what was not compared.

    Raises:
        TableError: a score table cannot be read.
        RatingsError: the ratings cannot be read, or nothing in them fits.
    """
    from drasp_cli.cli.means import MeansWatch
    from drasp_cli.tables.reading import read_score_tables

    means = MeansWatch()
    rows = list(means.watch(read_score_tables(scores)))
    means.tell_simulated(talk)
    rated = read_rated_axes(ratings, axes_of(rows), only=axis, scored=scored_axes(rows))
    results = compare_with_ratings(rows, rated, talk, strict=strict)
    return results, means


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
