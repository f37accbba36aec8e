"""`drasp convert`: checkpoints of other programs to checkpoint folders."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from drasp_cli.checkpoints.convert.poolings import BASELINE, RESEARCH_POOLINGS, TRACK1_POOLINGS
from drasp_cli.cli.errors import guarded
from drasp_cli.cli.output import Talk

Out = Annotated[Path, typer.Argument(metavar="OUT", help="Checkpoint folder to make; it must not exist or be empty.")]
Tokenizer = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="Folder with the tokenizer.json to take along, or hf-hub:owner/repo.",
        show_default="RoBERTa's where SRC is on the Hub, else none",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")]

convert = typer.Typer(help="Make a checkpoint folder of another program's checkpoint.", no_args_is_help=True)


def audiobox(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="Meta's folder or checkpoint.pt; or audiobox.meta, hf-hub:owner/repo.")
    ],
    out: Out,
    quiet: Quiet = False,
) -> None:
    """Meta's Audiobox Aesthetics: PQ, PC, CE and CU by the mean over frames."""
    from drasp_cli.checkpoints.convert.audiobox import convert_audiobox

    convert_audiobox(source, out, progress=not quiet)
    _show(out, quiet)


def laion_clap(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC", help="File that LAION published, or of its shape; or clap.laion, hf-hub:owner/repo:file."
        ),
    ],
    out: Out,
    tokenizer: Tokenizer = None,
    quiet: Quiet = False,
) -> None:
    """LAION-CLAP's towers (HTSAT-base): CLAP, the cosine of prompt and clip; training can start from them."""
    from drasp_cli.checkpoints.convert.laion import convert_laion

    convert_laion(source, out, tokenizer=tokenizer, progress=not quiet)
    _tell_of_tokenizer(out, "CLAP stays empty", quiet)
    _show(out, quiet)


def drasp_track1(
    source: Annotated[
        str,
        typer.Argument(metavar="SRC", help="File with a state dict, such as best_ckpt_7; or hf-hub:owner/repo:file."),
    ],
    out: Out,
    pooling: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"As the research code calls it: {', '.join(RESEARCH_POOLINGS)}; "
            f"{BASELINE} for the MusicEval baseline.",
        ),
    ],
    segment_size: Annotated[
        int | None, typer.Option(help="Frames in a segment; needed by a pooling with segments.", min=1)
    ] = None,
    frame_repeat: Annotated[
        int,
        typer.Option(
            metavar="1|32", help="How often the code's tower repeated each of its 32 time steps before the pooling."
        ),
    ] = 1,
    tokenizer: Tokenizer = None,
    quiet: Quiet = False,
) -> None:
    """A checkpoint of the DRASP research code, Track 1, or of the MusicEval baseline: MI and TA."""
    _check_pooling(pooling, TRACK1_POOLINGS)
    if frame_repeat not in (1, 32):
        raise typer.BadParameter(f"{frame_repeat} is not one of 1, 32", param_hint="--frame-repeat")
    from drasp_cli.checkpoints.convert.track1 import convert_track1

    convert_track1(
        source,
        out,
        pooling=pooling,
        segment_size=segment_size,
        frame_repeat=frame_repeat,
        tokenizer=tokenizer,
        progress=not quiet,
    )
    _tell_of_tokenizer(out, "TA stays empty", quiet)
    _show(out, quiet)


def drasp_track2(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC", help="Folder of save_pretrained, or file with a state dict; or hf-hub:owner/repo."
        ),
    ],
    out: Out,
    pooling: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"As the research code calls it: {', '.join(RESEARCH_POOLINGS)}.",
            show_default="as the folder says",
        ),
    ] = None,
    segment_size: Annotated[
        int | None, typer.Option(help="Frames in a segment.", show_default="as the folder says", min=1)
    ] = None,
    target_transform: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Mean and std of each axis as JSON, or audiobox.meta for Meta's.",
            show_default="as the folder says",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """A checkpoint of the DRASP research code, Track 2: PQ, PC, CE and CU by any of its poolings."""
    if pooling is not None:
        _check_pooling(pooling, RESEARCH_POOLINGS)
    from drasp_cli.checkpoints.convert.track2 import convert_track2

    convert_track2(
        source,
        out,
        pooling=pooling,
        segment_size=segment_size,
        target_transform=target_transform,
        progress=not quiet,
    )
    _show(out, quiet)


convert.command("audiobox")(guarded(audiobox, when_interrupted="nothing was written"))
convert.command("laion-clap")(guarded(laion_clap, when_interrupted="nothing was written"))
convert.command("drasp-track1")(guarded(drasp_track1, when_interrupted="nothing was written"))
convert.command("drasp-track2")(guarded(drasp_track2, when_interrupted="nothing was written"))


def _check_pooling(pooling: str, known: Collection[str]) -> None:
    if pooling not in known:
        reason = f"'{pooling}' is not one of {', '.join(known)}"
        raise typer.BadParameter(reason, param_hint="--pooling")


def _tell_of_tokenizer(out: Path, consequence: str, quiet: bool) -> None:
    """Says that a checkpoint cannot read prompts, where that is so, and what would make it read them."""
    from drasp_cli.checkpoints.folder import TOKENIZER_FILE
    from drasp_cli.checkpoints.registry import ROBERTA

    if not (out / TOKENIZER_FILE).exists():
        remedy = f"with --tokenizer {ROBERTA.spelling} prompts are read"
        Talk(quiet).notice(f"{out} has no {TOKENIZER_FILE}, so {consequence}; {remedy}")


def _show(out: Path, quiet: bool) -> None:
    """The folder that was made, and what to do with it."""
    from drasp_cli.cli.show import show_path

    show_path(out)
    model = str(out) if os.sep in str(out) else f".{os.sep}{out}"  # --model takes a bare word for a name
    Talk(quiet).next_command("drasp", "score", "FOLDER", "--model", model)
