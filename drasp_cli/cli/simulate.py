"""`drasp simulate`: a simulated listening test, in the layout of a real one."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated

import typer

from drasp_cli.checkpoints.registry import DEFAULT_MODEL, shipped_folder
from drasp_cli.cli.output import Talk, counted, data_stream

_FEWEST_POINTS = 3


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to make; it must not exist or be empty.")],
    clips: Annotated[int, typer.Option(help="Number of clips.", min=1)] = 3000,
    systems: Annotated[int, typer.Option(help="Number of simulated generators.", min=3)] = 31,
    prompts: Annotated[
        int | None, typer.Option(help="Number of prompts; 384 by default. Not for aes-natural.", min=3)
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws systems, prompts, sound and raters.", min=0)] = 0,
    layout: Annotated[
        str,
        typer.Option(
            help="What is rated, and the folder: musiceval (music; MI, TA) or aes-natural (any sound; PQ, PC, CE, CU)."
        ),
    ] = "musiceval",
    sample_rate: Annotated[
        int | None, typer.Option(help="Of the clips, in Hz; 32000 by default, 16000 for aes-natural.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Length of a clip, 2 to 60.", min=2.0, max=60.0)] = 10.0,
    speech: Annotated[
        Path | None,
        typer.Option(
            help="Folder of recorded speech without faults, to speak in most clips with speech.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    music: Annotated[
        Path | None,
        typer.Option(help="The same for music. For aes-natural only.", exists=True, file_okay=False),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; one for each core by default.", min=1)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")] = False,
) -> None:
    """Make a listening test: systems that make music or any other sound, faults with known causes, and raters."""
    from drasp_cli.cli.drawing import DrawnColumn, Fit, draw
    from drasp_cli.simulation.listening_test import simulate as make

    talk, stdout = Talk(quiet), data_stream()
    with talk.progress("simulate", clips) as advance:
        ceiling = make(
            out,
            clips=clips,
            systems=systems,
            prompts=prompts,
            seed=seed,
            layout=layout,
            sample_rate=sample_rate,
            seconds=seconds,
            speech=speech,
            music=music,
            workers=workers or os.cpu_count() or 1,
            on_clip=advance,
        )
    talk.notice(f"{counted(clips, 'clip')} of {counted(systems, 'system')} are in {out}")
    print("Ceiling: what the clips deserve against the mean of their ratings", file=stdout)
    draw(
        [
            DrawnColumn("clips", [row.clips for row in ceiling.rows], Fit.NAME),
            DrawnColumn("level", [row.level for row in ceiling.rows], Fit.NAME),
            DrawnColumn("axis", [row.axis for row in ceiling.rows], Fit.NAME),
            DrawnColumn("points", [str(row.count) for row in ceiling.rows], Fit.NUMBER),
            DrawnColumn("LCC", [_correlation(row.lcc, row.count) for row in ceiling.rows], Fit.NUMBER),
            DrawnColumn("SRCC", [_correlation(row.srcc, row.count) for row in ceiling.rows], Fit.NUMBER),
        ]
    )
    if layout == "musiceval":  # the default checkpoint was trained on one of these
        recipe, here = shipped_folder(DEFAULT_MODEL) / "recipe.toml", Path.cwd()
        talk.notice(f"a recipe to begin with: {recipe.relative_to(here) if recipe.is_relative_to(here) else recipe}")
    talk.next_command("drasp", "train", "RECIPE.toml", "--data", str(out), "--out", "CHECKPOINT")


def _correlation(value: float, points: int) -> str:
    """A correlation, or why there is none; two points always correlate perfectly."""
    if points < _FEWEST_POINTS:
        return "too few"
    return "constant" if math.isnan(value) else f"{value:.3f}"
