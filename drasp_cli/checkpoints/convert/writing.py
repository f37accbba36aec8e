"""An Original to a checkpoint folder, whole or not at all."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from drasp_cli.checkpoints.card import converted_card
from drasp_cli.checkpoints.convert.original import Original
from drasp_cli.checkpoints.folder import WEIGHTS_FILE
from drasp_cli.checkpoints.store import load_tensors, save_checkpoint
from drasp_cli.errors import CheckpointError, InputError, OutputError
from drasp_cli.models.build import unfilled_predictor
from drasp_cli.models.config import PredictorConfig


def check_out(out: Path) -> None:
    """Tells before the work, not after it, that a folder cannot be made.

    Raises:
        OutputError: it is a file, or holds something.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; expected an empty or a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise OutputError(f"{out} is not empty; expected an empty or a new folder")


def write_converted(original: Original, out: Path) -> None:
    """Writes a checkpoint folder that is named as `out` is, with a card that says where it is from.

    Args:
        original: what to write.
        out: a folder that is not there yet, or empty.

    Raises:
        InputError: its tensors are not exactly those of its config; the first few are named.
        OutputError: `out` holds something, or cannot be written; nothing is left of it then.
    """
    config = dataclasses.replace(original.config, name=out.resolve().name)
    card = card_of(config, original.file.name, original.source.address, original.digest, original.about)
    predictor = unfilled_predictor(config)
    try:
        load_tensors(predictor, original.tensors, str(original.file), original.spelled)
    except CheckpointError as error:
        raise InputError(error.source, str(error).removeprefix(f"{error.source}: ")) from error
    with _new_folder(out.resolve()) as folder:
        save_checkpoint(folder, predictor, original.tokenizer, card)


def card_of(config: PredictorConfig, file: str, address: str | None, digest: str, about: str) -> str:
    """The model card of what is made of a file.

    Args:
        config: of the predictor, with its name.
        file: its name, and nothing of the folder that it is in: cards are shared.
        address: as of a `Source`.
        digest: as of an `Original`.
        about: as of an `Original`.
    """
    where = f"`{file}` of `{address}`" if address else f"`{file}`"
    return converted_card(config, file=where, digest=digest.removeprefix("sha256:"), about=about)


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A fresh folder whose files become `out` when the block ends well, and that goes when it does not.

    Raises:
        OutputError: `out` holds something, or something cannot be written.
    """
    check_out(out)
    # Inside a folder that is there: it may be a mount, which nothing can be renamed to.
    is_there = out.is_dir()
    partial = (out if is_there else out.parent) / f".{out.name}.{os.getpid()}.partial"
    try:
        partial.mkdir(parents=True)
        try:
            yield partial
            if is_there:
                for path in sorted(partial.iterdir(), key=lambda path: path.name == WEIGHTS_FILE):
                    path.rename(out / path.name)  # the weights last: they complete it
            else:
                partial.rename(out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise OutputError(f"{out}: cannot be written: {reason}") from error
