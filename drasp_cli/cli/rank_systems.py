"""`drasp rank-systems`: score tables, or folders of audio, to one row for each system."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from drasp_cli.cli import options
from drasp_cli.cli.errors import SOME_FAILED
from drasp_cli.cli.job import ScoringJob
from drasp_cli.cli.output import Talk

if TYPE_CHECKING:
    from drasp_cli.datatypes import ClipScore


def rank_systems(
    results: Annotated[
        list[str],
        typer.Argument(metavar="RESULTS", help="Score tables, folders of them, or a folder of audio sub-folders."),
    ],
    by: Annotated[str | None, typer.Option(metavar="AXIS", help="Axis to sort by.", show_default="the first")] = None,
    model: options.Model = "clap-drasp.mini",
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    batch_size: options.BatchSize = 8,
    workers: options.Workers = None,
    prompts: options.Prompts = None,
    prompt_pattern: options.PromptPattern = None,
    system_pattern: options.SystemPattern = None,
    output: options.Output = None,
    format: options.Format = None,
    quiet: options.Quiet = False,
) -> None:
    """Rank systems by the mean scores of their clips; audio is scored first."""
    options.check_format(format, output)
    from drasp_cli.cli.show import show_systems, stdout_format
    from drasp_cli.tables.ranking import rank_systems as rank
    from drasp_cli.tables.reading import read_score_tables

    talk = Talk(quiet)
    job = ScoringJob(model, device, precision, batch_size, workers, False, talk)
    tables = _tables(results, talk)
    rows: Iterable[ClipScore]
    if tables:
        rows = read_score_tables(tables)
    else:
        from drasp_cli.cli.clips import gather

        clips = gather(
            results, prompts=prompts, prompt_pattern=prompt_pattern, system_pattern=system_pattern, talk=talk
        )
        rows = job.rows(clips)
    show_systems(rank(rows, by), format=stdout_format(format), output=output)
    job.report()
    if job.failed:
        raise typer.Exit(SOME_FAILED)


def _tables(results: Sequence[str], talk: Talk) -> list[str]:
    """The score tables that `results` name; none when they are all audio.

    Raises:
        typer.BadParameter: some are tables and some are audio.
    """
    from drasp_cli.datasets.folders import find_audio, is_audio_name
    from drasp_cli.tables.reading import find_tables

    tables: list[str] = []
    audio: list[str] = []
    for result in results:
        if os.path.isdir(result):  # noqa: PTH112 - RESULTS stay as typed
            found = find_tables(result).tables
            tables.extend(found)
            if not found:
                audio.append(result)
            elif find_audio(result):
                talk.notice(f"{result} holds audio and {len(found)} score tables; the tables are ranked")
        else:
            (audio if is_audio_name(result) else tables).append(result)
    if tables and audio:
        raise typer.BadParameter(
            f"{tables[0]} is a score table and {audio[0]} is audio; rank them one at a time", param_hint="RESULTS"
        )
    return tables
