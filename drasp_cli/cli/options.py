"""Options that more than one command has, said once."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from drasp_cli.checkpoints.registry import DEFAULT_MODEL, locate
from drasp_cli.errors import InputError, OutputError

FORMATS = ("table", "csv", "json", "jsonl", "parquet")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")

_SCORING = "How to score"
_CLIPS = "What is known of the clips"
_OUTPUT = "Where it goes"

Models = Annotated[
    list[str],
    typer.Option(
        "--model",
        "-m",
        help="Checkpoint: a name, a folder with a slash, or hf-hub:owner/repo. Given twice: their axes side by side.",
        show_default=DEFAULT_MODEL,
        rich_help_panel=_SCORING,
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.", rich_help_panel=_SCORING)]
Precision = Annotated[
    str, typer.Option(help="auto or fp32; bf16 and fp16 are faster on GPUs and less exact.", rich_help_panel=_SCORING)
]
BatchSize = Annotated[int, typer.Option(help="Windows in a batch.", min=1, rich_help_panel=_SCORING)]
Workers = Annotated[
    int | None,
    typer.Option(help="Threads that decode; by default one for each core, at most 8.", min=1, rich_help_panel=_SCORING),
]
Calibration = Annotated[
    str | None,
    typer.Option(
        metavar="MAP.json",
        help="Add calibrated scores, by a map of drasp calibrate for the same model.",
        rich_help_panel=_SCORING,
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Stop at the first clip that cannot be scored, or has no prompt where --prompts is given.",
        rich_help_panel=_SCORING,
    ),
]
Limit = Annotated[int | None, typer.Option(help="Only the first N clips.", min=1, rich_help_panel=_CLIPS)]
Prompts = Annotated[
    str | None,
    typer.Option(help="id<TAB>prompt, CSV, JSONL, or one prompt per line in clip order.", rich_help_panel=_CLIPS),
]
PromptPattern = Annotated[
    str | None,
    typer.Option(help="Regular expression; group 1, found below INPUT, is the prompt's id.", rich_help_panel=_CLIPS),
]
SystemPattern = Annotated[
    str | None,
    typer.Option(help="Regular expression; group 1, found below INPUT, is the system.", rich_help_panel=_CLIPS),
]
Ratings = Annotated[
    str,
    typer.Option(
        metavar="FILE", help="Human ratings: a MusicEval, AudioMOS or BVCC list, or CSV or JSONL of your own."
    ),
]
Axis = Annotated[
    str | None, typer.Option(metavar="AXIS", help="Only this axis; needed where the ratings do not say theirs.")
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="File; its ending says the format. One that is there is replaced.",
        rich_help_panel=_OUTPUT,
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        help="table, csv, json, jsonl or parquet.",
        show_default="table on a terminal, csv in a pipe",
        rich_help_panel=_OUTPUT,
    ),
]
Plot = Annotated[
    str | None, typer.Option(metavar="FILE", help="Picture as well: .png, .svg or .pdf.", rich_help_panel=_OUTPUT)
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.", rich_help_panel=_OUTPUT)
]


def check_format(format: str | None, output: str | None) -> None:
    """Refuses a `--format` that is none, or that contradicts the ending of `--output`."""
    if format is not None and format not in FORMATS:
        raise typer.BadParameter(f"'{format}' is not one of {', '.join(FORMATS)}", param_hint="--format")
    if format is not None and output is not None:
        raise typer.BadParameter("the ending of --output says the format; leave one of them out", param_hint="--format")


def check_computation(device: str, precision: str) -> None:
    """Refuses a `--device` or `--precision` that is none, without asking which devices are there."""
    check_device(device)
    if precision not in PRECISIONS:
        raise typer.BadParameter(f"'{precision}' is not one of {', '.join(PRECISIONS)}", param_hint="--precision")


def check_device(device: str) -> None:
    """Refuses a `--device` that is none, without asking which are there."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]+)?", device):
        raise typer.BadParameter(f"'{device}' is not one of auto, cpu, cuda, cuda:N, mps", param_hint="--device")


def check_output(output: str | None, read: Iterable[str | None]) -> None:
    """Refuses an `--output` whose ending names no format, or that is one of the files that the command reads.

    It is such a file under whatever name or link. Neither may what is written beside it for a time be such a file.

    Args:
        output: the file to be written.
        read: what is read, as typed: files, folders, globs that the shell did not expand, None for an option left out.
    """
    if output is None:
        return
    from drasp_cli.tables.formats import format_of
    from drasp_cli.tables.journal import JOURNAL_ENDING
    from drasp_cli.tables.run_file import RUN_ENDING

    try:
        format_of(output)
    except OutputError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from None
    for ending in ("", RUN_ENDING, JOURNAL_ENDING):
        what = f"writes {output}{ending} for a time, which " if ending else ""
        refuse_overwriting(output + ending, _expanded(read), "--output", what)


def refuse_overwriting(written: str, read: Iterable[str | None], option: str, what: str = "") -> None:
    """Refuses to write a file that is one of those that the command reads, under whatever name or link.

    Args:
        written: the file; that it is not there yet is well.
        read: files and folders as they are called, those that are not there too; None for an option left out.
        option: which names the file.
        what: begins the message where `written` is not what the option names.
    """
    try:
        there = os.stat(written)  # noqa: PTH116 - once, since it may be compared with 20,000 clips
    except (OSError, ValueError):  # not there, or no name that a file can have
        return
    for name in read:
        try:
            is_read = name is not None and os.path.samestat(os.stat(name), there)  # noqa: PTH116
        except (OSError, ValueError):
            continue
        if is_read:
            raise typer.BadParameter(f"{what}is also read; name another file", param_hint=option)


def _expanded(read: Iterable[str | None]) -> Iterator[str]:
    """Files and folders as they are called, for what may be globs that the shell did not expand."""
    for name in read:
        if name is not None:
            yield from [name] if os.path.lexists(name) else glob.iglob(name, recursive=True)  # noqa: PTH207


def check_plot(plot: str | None, read: Iterable[str | None]) -> None:
    """Refuses, before the work, a picture whose ending names no kind, that could not be written, or that is read.

    Args:
        plot: the file to be written.
        read: what is read, as typed; None for an option left out.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: there is no such folder, or it is one.
    """
    if plot is None:
        return
    from drasp_cli.plots import style

    if Path(plot).suffix.lower() not in style.ENDINGS:
        reason = f"{plot}: the ending says the format, one of {', '.join(style.ENDINGS)}"
        raise typer.BadParameter(reason, param_hint="--plot")
    refuse_overwriting(plot, read, "--plot")
    style.check_plot(plot)


def check_patterns(system_pattern: str | None, prompt_pattern: str | None, prompts: str | None) -> None:
    """Refuses a pattern that is none or has no group to take, and a `--prompt-pattern` without prompts to use it on."""
    from drasp_cli.datasets.manifest import compile_pattern

    for option, pattern in (("--system-pattern", system_pattern), ("--prompt-pattern", prompt_pattern)):
        if pattern is not None:
            try:
                compile_pattern(pattern)
            except InputError as error:
                raise typer.BadParameter(str(error), param_hint=option) from None
    if prompt_pattern is not None and prompts is None:
        raise typer.BadParameter("goes with --prompts", param_hint="--prompt-pattern")


def check_models(models: Sequence[str]) -> None:
    """Refuses a `--model` that names nothing, or the same as another one, before clips are looked for.

    Raises:
        UnknownModelError: a spelling that names nothing.
        CheckpointError: a path that is not a folder.
    """
    places = [locate(model).place for model in models]
    found = [str(place.resolve()) if isinstance(place, Path) else place.spelling for place in places]
    check_distinct(found, models)


def check_distinct(found: Sequence[str], models: Sequence[str]) -> None:
    """Refuses to score with one model twice: its columns would be called alike, and hold the same.

    Args:
        found: what tells one model from another, for each.
        models: how they were typed.
    """
    for place, (one, typed) in enumerate(zip(found, models, strict=True)):
        first = models[found.index(one)]
        if one in found[:place]:
            before = "" if typed == first else f", before as {first}"
            raise typer.BadParameter(f"{typed} is given twice{before}; leave one of them out", param_hint="--model")
