"""`drasp push`: a checkpoint folder to the Hugging Face Hub."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from drasp_cli.cli.hints import require_path
from drasp_cli.cli.output import Talk


def push(
    folder: Annotated[Path, typer.Argument(metavar="CKPT", help="Checkpoint folder.")],
    repo: Annotated[str, typer.Argument(metavar="REPO", help="owner/name on the Hub; made if it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    revision: Annotated[
        str | None,
        typer.Option(help="Branch to commit to; made if it is not there.", show_default="the default branch"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Load the folder and have the card checked, but upload nothing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")] = False,
) -> None:
    """Upload a checkpoint folder to the Hugging Face Hub in one commit; print how --model spells it."""
    require_path(folder, "folder")
    from drasp_cli.checkpoints.push import prepare_push
    from drasp_cli.checkpoints.push import push as upload

    talk = Talk(quiet)
    ready = prepare_push(folder, repo)
    for name, size in ready.sizes().items():
        talk.notice(f"{name}: {size:,} bytes")
    if dry_run:
        talk.notice(f"{ready.checkpoint.label} loads and its card passes; nothing was uploaded")
        return
    address = upload(ready, private=private, branch=revision, progress=not quiet)
    if sys.stdout is not None:  # a shell may have closed it, and the checkpoint is pushed all the same
        print(address.spelling)
    talk.next_command("drasp", "score", "FOLDER", "--model", address.spelling)
