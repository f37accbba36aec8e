"""`drasp calibrate`: scores and a few dozen ratings to a map from the one scale to the other."""

from __future__ import annotations

from typing import Annotated

import typer

from drasp_cli.cli import options
from drasp_cli.cli.output import Talk
from drasp_cli.errors import RatingsError


def calibrate(
    scores: Annotated[list[str], typer.Argument(metavar="SCORES", help="Score tables, or folders of them.")],
    ratings: options.Ratings,
    output: Annotated[str, typer.Option("--output", "-o", metavar="MAP.json", help="File for the map.")],
    axis: options.Axis = None,
    format: options.Format = None,
    quiet: options.Quiet = False,
) -> None:
    """Fit a map from scores to the scale of your own ratings, for drasp score --calibration.

    A straight line, or a monotone curve where that predicts left-out clips better; refused where the ratings cannot
    support either.
    """
    options.check_format(format, None)
    if not output.lower().endswith(".json"):
        raise typer.BadParameter("a map is a .json file", param_hint="--output")
    options.check_output(output, [*scores, ratings])
    from drasp_cli.cli.evaluate import evaluate_files
    from drasp_cli.cli.show import check_destination, show_calibration
    from drasp_cli.evaluation.calibration import fit_map
    from drasp_cli.tables.calibration import Calibration, write_calibration
    from drasp_cli.tables.files import check_place

    check_destination(format, None)
    check_place(output)
    talk = Talk(quiet)
    results, means = evaluate_files(scores, ratings, axis, talk)
    if not means.model:
        raise RatingsError(scores[0], "no row says which model scored it, so no map could say whose scores it takes")
    maps = []
    for result in results:
        if (found := result.clips) is None:
            raise RatingsError(ratings, "rates systems; a map is made from rated clips")
        maps.append(fit_map(result.axis, found.scores, found.ratings, ratings, systems=result.system_of))
        whole = len(set(result.system_of))
        what = f"whole systems, of {whole}" if whole > 1 else "clips, all of one system or of none that is named"
        talk.notice(f"{result.axis}: the error is that of left-out {what}")
    calibration = Calibration(means.model, tuple(maps))
    write_calibration(output, calibration)
    show_calibration(calibration, format=format, simulated=means.simulated)
    talk.notice(f"{output} takes scores of {means.model}; it adds {', '.join(calibration.axes)}")
