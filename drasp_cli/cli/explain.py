"""`drasp explain`: one clip to the seconds that its scores lean on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drasp_cli.audio.flags import SILENT
from drasp_cli.checkpoints.registry import DEFAULT_MODEL
from drasp_cli.cli import options
from drasp_cli.cli.job import ScoringJob
from drasp_cli.cli.output import Talk, data_stream
from drasp_cli.encodable import why_no_text
from drasp_cli.errors import InputError

if TYPE_CHECKING:
    from drasp_cli.checkpoints.store import Checkpoint
    from drasp_cli.datatypes import Clip, Window
    from drasp_cli.explaining import ClipExplanation

FORMATS = ("table", "csv", "json", "labels")
_ENDINGS = {".csv": "csv", ".json": "json", ".txt": "labels"}

_SCORING = "How to score"
_CLIP = "What is known of the clip"
_OUTPUT = "Where it goes"


def explain(
    clip: Annotated[str, typer.Argument(metavar="CLIP", help="Audio file, or a manifest that names one clip.")],
    axis: Annotated[
        list[str] | None,
        typer.Option(metavar="AXIS", help="May be given again.", show_default="all", rich_help_panel=_SCORING),
    ] = None,
    model: Annotated[
        list[str],
        typer.Option(
            "--model",
            "-m",
            help="Checkpoint: a name, a folder with a slash, or hf-hub:owner/repo.",
            show_default=DEFAULT_MODEL,
            rich_help_panel=_SCORING,
        ),
    ] = [DEFAULT_MODEL],  # noqa: B006 - Typer copies it
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    prompt: Annotated[str | None, typer.Option(help="The text the clip was made from.", rich_help_panel=_CLIP)] = None,
    prompts: Annotated[
        str | None, typer.Option(help="File with it: id<TAB>prompt, CSV or JSONL.", rich_help_panel=_CLIP)
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="File; its ending says the format: .csv, .json, or .txt for labels. One that is there is replaced.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="table, csv, json, or labels for a label track of Audacity.",
            show_default="table on a terminal, csv in a pipe",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    plot: options.Plot = None,
    quiet: options.Quiet = False,
) -> None:
    """Show which seconds of a clip its scores lean on.

    For each segment the pooling's attention weight, and its influence: what the score loses without it.
    """
    if format is not None and format not in FORMATS:
        raise typer.BadParameter(f"'{format}' is not one of {', '.join(FORMATS)}", param_hint="--format")
    if format is not None and output is not None:
        raise typer.BadParameter("the ending of --output says the format; leave one of them out", param_hint="--format")
    if prompt is not None and prompts is not None:
        raise typer.BadParameter("goes not with --prompts", param_hint="--prompt")
    if prompt is not None and (reason := why_no_text(prompt)) is not None:
        raise typer.BadParameter(reason, param_hint="--prompt")
    options.check_computation(device, precision)
    if len(model) > 1:
        raise typer.BadParameter("explain one model at a time", param_hint="--model")
    options.check_models(model)
    read = [clip, *([prompts] if prompts else [])]
    _check_output(output, read)
    options.check_plot(plot, read)
    if output is None:
        format = format or ("table" if data_stream().isatty() else "csv")
    else:
        format = _ENDINGS[Path(output).suffix.lower()]

    talk = Talk(quiet)
    named = _one_clip(clip, (prompt or "").strip() or None, prompts, talk)
    (checkpoint,) = ScoringJob(model, device, precision, 1, None, False, talk).checkpoints
    axes = _axes(axis, checkpoint, named, talk)
    explanation = _explain(checkpoint, named, axes, device, precision, plot, talk)
    if SILENT in explanation.flags:
        talk.notice(f"{named.path} is silent; there is nothing in it that a score could lean on")
    elif explanation.seconds < explanation.segment_seconds:
        segment = f"a segment of {explanation.segment_seconds:.3g} s"
        talk.notice(f"{named.path} is shorter than {segment}: nothing tells what scores lean on within it")
    _show(explanation, format, output)


def _check_output(output: str | None, read: list[str]) -> None:
    """Refuses, before the work, a file that could not be written, or that is read.

    Raises:
        OutputError: there is no place for it.
    """
    from drasp_cli.tables.files import check_folder

    if output is None:
        return
    if Path(output).suffix.lower() not in _ENDINGS:
        reason = f"{output}: the ending says the format, one of {', '.join(_ENDINGS)}"
        raise typer.BadParameter(reason, param_hint="--output")
    options.refuse_overwriting(output, read, "--output")
    check_folder(output)


def _one_clip(name: str, prompt: str | None, prompts: str | None, talk: Talk) -> Clip:
    """The one clip that is named, with its prompt.

    Raises:
        InputError: there is none, or there are several.
    """
    import dataclasses

    from drasp_cli.cli.clips import gather

    clips = gather([name], prompts=prompts, prompt_pattern=None, system_pattern=None, talk=talk)
    if len(clips) != 1:
        raise InputError(name, f"names {len(clips)} clips; one is explained at a time, such as {clips[0].path}")
    return clips[0] if prompt is None else dataclasses.replace(clips[0], prompt=prompt)


def _axes(wanted: list[str] | None, checkpoint: Checkpoint, clip: Clip, talk: Talk) -> list[str]:
    """The axes to explain, in the model's order.

    Raises:
        InputError: one that was asked for, or the only one there is, needs a prompt, and there is none.
    """
    known = checkpoint.config.axes
    for axis in wanted or ():
        if axis not in known:
            reason = f"'{axis}' is no axis of {checkpoint.name}; there is {', '.join(known)}"
            raise typer.BadParameter(reason, param_hint="--axis")
    chosen = [axis for axis in known if not wanted or axis in wanted]
    reading = [axis for axis in chosen if axis in checkpoint.predictor.text_axes]
    if not reading or (clip.prompt is not None and checkpoint.tokenizer is not None):
        return chosen
    if checkpoint.tokenizer is None:
        reason = f"{checkpoint.name} has no tokenizer.json to read a prompt with, which {', '.join(reading)} needs"
    else:
        reason = f"has no prompt, which {', '.join(reading)} needs; give it with --prompt or --prompts"
    if wanted or len(reading) == len(chosen):
        raise InputError(clip.path, reason)
    if checkpoint.tokenizer is not None:  # else it was told already
        talk.notice(f"{clip.path} {reason}")
    return [axis for axis in chosen if axis not in reading]


def _explain(
    checkpoint: Checkpoint, clip: Clip, axes: list[str], device: str, precision: str, plot: str | None, talk: Talk
) -> ClipExplanation:
    """The explanation on these axes, also as a picture where one is wanted."""
    import dataclasses

    from drasp_cli.audio.spectrogram import Spectrogram
    from drasp_cli.explaining import explain_clip

    sound = Spectrogram(checkpoint.config.audio.sample_rate)
    with talk.progress("explain", None) as advance:

        def on_window(window: Window) -> None:
            sound.push(window.samples)
            advance()

        whole = explain_clip(
            checkpoint, clip, device=device, precision=precision, on_window=on_window, on_stretch=advance
        )
    explanation = dataclasses.replace(whole, axes=tuple(found for found in whole.axes if found.axis in axes))
    if plot is not None:
        from drasp_cli.cli.pictures import picture_explanation

        picture_explanation(explanation, sound, path=plot)
    return explanation


def _show(explanation: ClipExplanation, format: str, output: str | None) -> None:
    """The explanation in `format` on standard output, or in the file `output`."""
    from drasp_cli.cli.explanation_view import draw_explanation
    from drasp_cli.explaining.formats import WRITERS, write_file

    if output is not None:
        write_file(explanation, format, output)
    elif format == "table":
        draw_explanation(explanation)
    else:
        stream = data_stream().buffer
        WRITERS[format](explanation, stream)
        stream.flush()
