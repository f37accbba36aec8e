"""`drasp score`: clips in, one row of scores for each."""

from __future__ import annotations

from typing import Annotated

import typer

from drasp_cli.checkpoints.registry import DEFAULT_MODEL
from drasp_cli.cli import options
from drasp_cli.cli.errors import SOME_FAILED
from drasp_cli.cli.job import ScoringJob, read_calibrator
from drasp_cli.cli.output import Talk
from drasp_cli.datatypes import DEFAULT_BATCH_SIZE


def score(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Audio files, folders, globs, lists, manifests, or - for paths on stdin."),
    ],
    model: options.Models = [DEFAULT_MODEL],  # noqa: B006 - Typer copies it
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    batch_size: options.BatchSize = DEFAULT_BATCH_SIZE,
    workers: options.Workers = None,
    prompts: options.Prompts = None,
    prompt_pattern: options.PromptPattern = None,
    system_pattern: options.SystemPattern = None,
    null_separated: Annotated[
        bool, typer.Option("-0", help="Paths on stdin end in NUL.", rich_help_panel="What is known of the clips")
    ] = False,
    limit: options.Limit = None,
    calibration: options.Calibration = None,
    strict: options.Strict = False,
    output: options.Output = None,
    format: options.Format = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a stopped run left OUTPUT.", rich_help_panel="Where it goes")
    ] = False,
    by_system: Annotated[
        bool, typer.Option("--by-system", help="Means of systems, not clips.", rich_help_panel="Where it goes")
    ] = False,
    with_prompts: Annotated[
        bool, typer.Option("--with-prompts", help="Add the column prompt.", rich_help_panel="Where it goes")
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Score clips on the axes of the models.

    MI and, with prompts, TA, on a rating scale of 1 to 5; PQ, PC, CE and CU, on one of 1 to 10; none is clamped to it.
    With prompts, CLAP, a cosine.
    """
    options.check_format(format, output)
    options.check_output(output, [*inputs, prompts, calibration])
    options.check_patterns(system_pattern, prompt_pattern, prompts)
    options.check_computation(device, precision)
    _check_resume(resume, output, by_system)
    if null_separated and "-" not in inputs:
        raise typer.BadParameter("goes with the INPUT -", param_hint="-0")
    if by_system and with_prompts:
        raise typer.BadParameter("goes not with --by-system", param_hint="--with-prompts")
    options.check_models(model)
    from drasp_cli.cli.clips import gather, require_prompts, tell_systemless
    from drasp_cli.cli.show import check_destination
    from drasp_cli.tables.journal import check_companions

    check_destination(format, output)
    if output is not None and not by_system:
        check_companions(output)
    talk = Talk(quiet)
    calibrator = read_calibrator(calibration)
    clips = gather(
        inputs,
        prompts=prompts,
        prompt_pattern=prompt_pattern,
        system_pattern=system_pattern,
        null_separated=null_separated,
        limit=limit,
        talk=talk,
    )
    tell_systemless(clips, talk)
    if strict:
        require_prompts(clips, prompts)
    job = ScoringJob(model, device, precision, batch_size, workers, strict, talk, calibrator)
    if output is not None and not by_system:
        job.to_file(clips, output, resume=resume, with_prompts=with_prompts)
    else:
        job.to_screen(clips, format=format, output=output, by_system=by_system, with_prompts=with_prompts)
    job.report()
    if job.failed:
        raise typer.Exit(SOME_FAILED)


def _check_resume(resume: bool, output: str | None, by_system: bool) -> None:
    if resume and (output is None or by_system):
        raise typer.BadParameter("goes with --output, and not with --by-system", param_hint="--resume")
