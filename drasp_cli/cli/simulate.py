"""`drasp simulate`: a simulated listening test, in the layout of a real one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from drasp_cli.cli.output import Talk


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to make; it must not exist or be empty.")],
    clips: Annotated[int, typer.Option(help="Number of clips.", min=1)] = 3000,
    systems: Annotated[int, typer.Option(help="Number of simulated generators.", min=3)] = 31,
    prompts: Annotated[int, typer.Option(help="Number of prompts.", min=3)] = 384,
    seed: Annotated[int, typer.Option(help="Draws systems, prompts, music and raters.", min=0)] = 0,
    layout: Annotated[str, typer.Option(help="Layout of the folder: musiceval.")] = "musiceval",
    sample_rate: Annotated[int, typer.Option(help="Of the clips, in Hz.")] = 32000,
    seconds: Annotated[float, typer.Option(help="Length of a clip, 2 to 60.", min=2.0, max=60.0)] = 10.0,
    workers: Annotated[int | None, typer.Option(help="Processes; one for each core by default.", min=1)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")] = False,
) -> None:
    """Make a listening test: systems that answer prompts with music, faults with known causes, and raters."""
    from drasp_cli.cli.show import draw
    from drasp_cli.simulation.listening_test import simulate as make

    with Talk(quiet).progress("simulate", clips) as advance:
        ceiling = make(
            out,
            clips=clips,
            systems=systems,
            prompts=prompts,
            seed=seed,
            layout=layout,
            sample_rate=sample_rate,
            seconds=seconds,
            workers=workers or os.cpu_count() or 1,
            on_clip=advance,
        )
    columns = [
        ("clips", [row.clips for row in ceiling.rows]),
        ("level", [row.level for row in ceiling.rows]),
        ("axis", [row.axis for row in ceiling.rows]),
        ("points", [str(row.count) for row in ceiling.rows]),
        ("LCC", [f"{row.lcc:.3f}" for row in ceiling.rows]),
        ("SRCC", [f"{row.srcc:.3f}" for row in ceiling.rows]),
    ]
    print("Ceiling: what the clips deserve against the mean of their ratings")
    draw(columns, right={"points", "LCC", "SRCC"})
