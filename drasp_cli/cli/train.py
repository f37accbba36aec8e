"""`drasp train`: a recipe and a rated data set to a checkpoint folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from drasp_cli.cli import options
from drasp_cli.cli.hints import require_path
from drasp_cli.cli.output import Talk


def train(
    recipe: Annotated[Path, typer.Argument(help="TOML recipe; see docs/training.md.")],
    data: Annotated[Path, typer.Option(help="Rated clips, in the layout of MusicEval or of AES-Natural.")],
    out: Annotated[Path, typer.Option(help="Checkpoint folder to make.")],
    start: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Go on from this checkpoint's weights; spelled as for drasp score --model."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a stopped run in OUT.")] = False,
    features: Annotated[
        Path | None,
        typer.Option(help="Keep the decoded clips or their log-mels in this folder, for other runs on the same data."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")] = False,
) -> None:
    """Train a predictor by a recipe, and write a checkpoint folder with its model card and log."""
    options.check_device(device)
    require_path(recipe, "recipe")
    require_path(data, "folder")
    from drasp_cli.checkpoints.store import load_predictor
    from drasp_cli.cli.show import show_path
    from drasp_cli.training.loop import fit
    from drasp_cli.training.recipe import load_recipe

    talk = Talk(quiet)
    what = load_recipe(recipe)
    begun = load_predictor(start, progress=not quiet) if start is not None else None
    with _Watch(talk) as monitor:
        fit(what, data, out, start=begun, resume=resume, features=features, device=device, monitor=monitor)
    show_path(out)
    model = str(out) if os.sep in str(out) else f".{os.sep}{out}"  # --model takes a bare word for a name
    talk.next_command("drasp", "score", "FOLDER", "--model", model)


class _Watch:
    """Shows a progress bar for each stretch and a line for each epoch, on standard error."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.bar = talk.progress("", 0)
        self.step = self.bar.__enter__()

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.__exit__(None, None, None)

    def start(self, what: str, total: int) -> None:
        self.__exit__()
        self.bar = self.talk.progress(what, total)
        self.step = self.bar.__enter__()

    def advance(self) -> None:
        self.step()

    def epoch(self, row: Mapping[str, object]) -> None:
        self.talk.line("  ".join(f"{name} {value}" for name, value in row.items()))
