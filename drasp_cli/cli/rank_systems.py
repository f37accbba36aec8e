"""`drasp rank-systems`: score tables, or folders of audio, to one row for each system."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from drasp_cli.checkpoints.registry import DEFAULT_MODEL
from drasp_cli.cli import options
from drasp_cli.cli.errors import SOME_FAILED
from drasp_cli.cli.job import ScoringJob, read_calibrator
from drasp_cli.cli.output import Talk
from drasp_cli.datatypes import DEFAULT_BATCH_SIZE
from drasp_cli.errors import InputError

# What only scoring makes use of, by the name of the parameter.
_SCORING_OPTIONS = (
    *("model", "device", "precision", "batch_size", "workers"),
    *("prompts", "prompt_pattern", "system_pattern", "limit", "calibration", "strict"),
)


def rank_systems(
    context: typer.Context,
    results: Annotated[
        list[str],
        typer.Argument(metavar="RESULTS", help="Score tables, folders of them, or a folder of audio sub-folders."),
    ],
    by: Annotated[str | None, typer.Option(metavar="AXIS", help="Axis to sort by.", show_default="the first")] = None,
    pairwise: Annotated[bool, typer.Option("--pairwise", help="Every two systems compared, a row each.")] = False,
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Rank scores of several models, or revisions of one.")
    ] = False,
    ratings: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Human ratings of clips or systems: their means beside ours, and how well the two agree.",
        ),
    ] = None,
    model: options.Models = [DEFAULT_MODEL],  # noqa: B006 - Typer copies it
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    batch_size: options.BatchSize = DEFAULT_BATCH_SIZE,
    workers: options.Workers = None,
    prompts: options.Prompts = None,
    prompt_pattern: options.PromptPattern = None,
    system_pattern: options.SystemPattern = None,
    limit: options.Limit = None,
    calibration: options.Calibration = None,
    strict: options.Strict = False,
    output: options.Output = None,
    format: options.Format = None,
    plot: options.Plot = None,
    quiet: options.Quiet = False,
) -> None:
    """Rank systems by the mean scores of their clips, with 95 % intervals and groups; audio is scored first.

    Systems that share a letter of their groups are not separated by a paired t-test, corrected for the number of pairs.
    """
    options.check_format(format, output)
    options.check_output(output, [*results, prompts, ratings, calibration])
    options.check_plot(plot, [*results, prompts, ratings, calibration])
    options.check_patterns(system_pattern, prompt_pattern, prompts)
    options.check_computation(device, precision)
    from drasp_cli.cli.ranking import rank_audio, rank_tables, show_ranking
    from drasp_cli.cli.show import check_destination

    talk = Talk(quiet)
    check_destination(format, output)
    if tables := _tables(results, talk):
        options.check_output(output, tables)
        options.check_plot(plot, tables)
        _refuse_scoring_options(context, tables[0])
        ranking = rank_tables(tables, by, ratings, talk, allow_mixed=allow_mixed)
    else:
        if allow_mixed:
            raise typer.BadParameter("is for score tables", param_hint="--allow-mixed")
        options.check_models(model)
        calibrator = read_calibrator(calibration)
        from drasp_cli.cli.clips import gather, require_prompts, tell_systemless
        from drasp_cli.datasets.manifest import NO_SYSTEM_ADVICE

        clips = gather(
            results,
            prompts=prompts,
            prompt_pattern=prompt_pattern,
            system_pattern=system_pattern,
            limit=limit,
            talk=talk,
        )
        if not any(clip.system for clip in clips):
            raise InputError(results[0], f"no clip has a system; {NO_SYSTEM_ADVICE}")
        tell_systemless(clips, talk)
        if strict:
            require_prompts(clips, prompts)
        job = ScoringJob(model, device, precision, batch_size, workers, strict, talk, calibrator)
        ranking = rank_audio(clips, job, by, ratings)
    show_ranking(ranking, results, pairwise=pairwise, format=format, output=output, plot=plot, talk=talk)
    if ranking.failed:
        raise typer.Exit(SOME_FAILED)


def _refuse_scoring_options(context: typer.Context, table: str) -> None:
    """Refuses options that would do nothing, since the rows are scored already."""
    for name in _SCORING_OPTIONS:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "--" + name.replace("_", "-")
            raise typer.BadParameter(f"is for audio, and {table} is a score table", param_hint=option)


def _tables(results: Sequence[str], talk: Talk) -> list[str]:
    """The score tables that `results` name; none when they are all audio.

    Raises:
        InputError: one that is not there, and would be a table by its name.
        typer.BadParameter: some are tables and some are audio.
    """
    from drasp_cli.datasets.folders import holds_audio, is_audio_name
    from drasp_cli.datasets.near_names import perhaps_meant
    from drasp_cli.tables.reading import find_tables

    tables: list[str] = []
    audio: list[str] = []
    for result in results:
        if os.path.isdir(result):  # noqa: PTH112 - RESULTS stay as typed
            found = find_tables(result)
            tables.extend(found)
            if not found:
                audio.append(result)
            elif holds_audio(result):
                talk.notice(f"{result} holds audio and {len(found)} score tables; the tables are ranked")
        elif is_audio_name(result):
            audio.append(result)
        elif os.path.exists(result):  # noqa: PTH110 - likewise
            tables.append(result)
        else:
            raise InputError(result, f"there is no such file or folder{perhaps_meant(result)}")
    if tables and audio:
        raise typer.BadParameter(
            f"{tables[0]} is a score table and {audio[0]} is audio; rank them one at a time", param_hint="RESULTS"
        )
    return tables
