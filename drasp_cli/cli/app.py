"""The `drasp` program: one command per file, each imported here for its signature only.

Commands import what they run inside their functions, so that `drasp --help` starts without torch.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from drasp_cli import __version__
from drasp_cli.cli.calibrate import calibrate
from drasp_cli.cli.convert import convert
from drasp_cli.cli.errors import guarded
from drasp_cli.cli.evaluate import evaluate
from drasp_cli.cli.explain import explain
from drasp_cli.cli.hints import Commands
from drasp_cli.cli.models import models
from drasp_cli.cli.push import push
from drasp_cli.cli.rank_systems import rank_systems
from drasp_cli.cli.report import report
from drasp_cli.cli.score import score
from drasp_cli.cli.simulate import simulate
from drasp_cli.cli.train import train

app = typer.Typer(
    name="drasp",
    cls=Commands,
    help="Predict what a listening test would say about generated audio, on up to six axes, per clip and per system.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"drasp {__version__}")
        raise typer.Exit


@app.callback()
def drasp(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Predict what a listening test would say about generated audio, on up to six axes, per clip and per system."""


_SCORE_LEAVES = "finished rows are on disk where -o was given without --by-system, which writes at the end"
app.command("score")(guarded(score, when_interrupted=_SCORE_LEAVES))
app.command("rank-systems")(guarded(rank_systems))
app.command("evaluate")(guarded(evaluate))
app.command("calibrate")(guarded(calibrate))
app.command("explain")(guarded(explain))
app.command("report")(guarded(report))
app.command("train")(guarded(train, when_interrupted="--resume goes on from the last finished epoch"))
app.command("simulate")(guarded(simulate))
app.add_typer(models, name="models")
app.add_typer(convert, name="convert")
app.command("push")(guarded(push))


def main() -> None:
    """Entry point of the installed program."""
    # Threads of the network that wait should sleep, not spin: the cores are shared with the threads that decode, and
    # with whatever else the machine does. Read when torch is loaded, hence here.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal that lacks a character of a name gets its escape
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        guarded(app)()  # what stands outside every command too: --help, --version
    except typer.Exit as end:
        sys.exit(end.exit_code)
