"""`drasp rank-systems`: score tables, or folders of audio, to one row for each system."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from drasp_cli.checkpoints.registry import DEFAULT_MODEL
from drasp_cli.cli import options
from drasp_cli.cli.errors import SOME_FAILED
from drasp_cli.cli.job import ScoringJob, read_calibrator
from drasp_cli.cli.means import MeansWatch, tell_evidence
from drasp_cli.cli.output import Talk
from drasp_cli.cli.ratings import RatedAxes, axes_of, compare_with_ratings, read_rated_axes, scored_axes
from drasp_cli.datatypes import DEFAULT_BATCH_SIZE
from drasp_cli.errors import InputError, TableError

if TYPE_CHECKING:
    from drasp_cli.datasets.manifest import ClipList
    from drasp_cli.datatypes import ClipScore
    from drasp_cli.evaluation import Evaluation
    from drasp_cli.tables.systems import SystemTable


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
    from drasp_cli.cli.show import check_destination, show_agreement, show_pairs, show_systems
    from drasp_cli.tables.ranking import rank_systems as rank
    from drasp_cli.tables.reading import read_score_tables
    from drasp_cli.tables.sample import ClipSample
    from drasp_cli.tables.systems import with_ratings

    talk = Talk(quiet)
    check_destination(format, output)
    job = ScoringJob(model, device, precision, batch_size, workers, strict, talk)
    means = MeansWatch()
    tables = _tables(results, talk)
    rows: Iterable[ClipScore]
    rated: RatedAxes | None = None
    if tables:
        options.check_output(output, tables)
        options.check_plot(plot, tables)
        _refuse_scoring_options(context, tables[0])
        rows = read_score_tables(tables, allow_mixed=allow_mixed)
    else:
        if allow_mixed:
            raise typer.BadParameter("is for score tables", param_hint="--allow-mixed")
        options.check_models(model)
        job.calibrator = read_calibrator(calibration)
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
        _check_axis(by, job, clips)
        if ratings is not None:  # a mistake in them is told before anything is scored
            rated = read_rated_axes(ratings, job.axes, if_unnamed=by, scored=job.axes_to_score(clips))
        rows = job.rows(clips)
    compared: list[Evaluation] = []
    if ratings is not None:
        rows = list(rows)
        rated = rated or read_rated_axes(ratings, axes_of(rows), if_unnamed=by, scored=scored_axes(rows))
        compared = compare_with_ratings(rows, rated, talk)
    sample = ClipSample()
    ranked = rank(means.watch(rows), by, allow_mixed=allow_mixed, sample=sample)
    if tables:
        _refuse_empty(by, ranked, means)
    table = with_ratings(ranked, {one.axis: one.system_ratings for one in compared})
    show = show_pairs if pairwise else show_systems
    simulated = means.simulated if tables else job.simulated
    show(table, format=format, output=output, simulated=simulated)
    if plot is not None:
        from drasp_cli.cli.pictures import picture_ranking

        picture_ranking(table, sample, results, is_simulated=bool(simulated), path=plot)
    if compared:
        show_agreement(compared, format=format, output=output, talk=talk)
    if tables:
        means.tell_systemless(talk)
        means.tell_simulated(talk)
        means.tell_mixed(talk)
        job.failed = sum(row.failed for row in table.systems)  # of an earlier run
    means.tell_doubtful(talk)
    tell_evidence(table, means, talk)
    job.report()
    if job.failed:
        raise typer.Exit(SOME_FAILED)


def _refuse_scoring_options(context: typer.Context, table: str) -> None:
    """Refuses options that would do nothing, since the rows are scored already."""
    for name in _SCORING_OPTIONS:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "--" + name.replace("_", "-")
            raise typer.BadParameter(f"is for audio, and {table} is a score table", param_hint=option)


def _check_axis(by: str | None, job: ScoringJob, clips: ClipList) -> None:
    """Refuses an axis that no model scores, or that none can without prompts, before anything is scored.

    Raises:
        InputError: there are no prompts, and `by` needs them.
    """
    from drasp_cli.tables.ranking import axes_to_choose

    axes = job.axes
    if by is not None and by not in axes:
        reason = f"'{by}' is no axis of {' or '.join(job.models)}; there is {axes_to_choose(by, axes)}"
        raise typer.BadParameter(reason, param_hint="--by")
    if by in job.reading and not any(clip.prompt for clip in clips):
        raise InputError(clips[0].path, f"has no prompt, nor has any other clip, and {by} needs them; add --prompts")


def _refuse_empty(by: str | None, table: SystemTable, means: MeansWatch) -> None:
    """Refuses to rank tables by an axis that none of their clips has a score on.

    Raises:
        TableError: none has, though not all have failed.
    """
    if by is None or any(row.scored[by] or row.clips == row.failed for row in table.systems):
        return
    raise TableError("the scores", f"hold none on {by} to rank by{means.why_empty}")


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
