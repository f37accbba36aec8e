"""Options that more than one command has, said once."""

from __future__ import annotations

from typing import Annotated

import typer

FORMATS = ("table", "csv", "json", "jsonl", "parquet")

_SCORING = "How to score"
_CLIPS = "What is known of the clips"
_OUTPUT = "Where it goes"

Model = Annotated[
    str, typer.Option("--model", "-m", help="Checkpoint: a name, or a folder with a slash.", rich_help_panel=_SCORING)
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
Output = Annotated[
    str | None, typer.Option("--output", "-o", help="File; its ending says the format.", rich_help_panel=_OUTPUT)
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
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.", rich_help_panel=_OUTPUT)
]


def check_format(format: str | None, output: str | None) -> None:
    """Refuses a `--format` that is none, or that contradicts the ending of `--output`."""
    if format is not None and format not in FORMATS:
        raise typer.BadParameter(f"'{format}' is not one of {', '.join(FORMATS)}", param_hint="--format")
    if format is not None and output is not None:
        raise typer.BadParameter("the ending of --output says the format; leave one of them out", param_hint="--format")
