"""`drasp report`: score tables to one page in one file."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drasp_cli.cli import options
from drasp_cli.cli.errors import SOME_FAILED
from drasp_cli.cli.output import Talk, counted
from drasp_cli.errors import OutputError

if TYPE_CHECKING:
    from drasp_cli.datatypes import ClipScore
    from drasp_cli.evaluation import Evaluation
    from drasp_cli.reporting.content import Report
    from drasp_cli.reporting.gathering import Wishes

_ENDINGS = (".html", ".htm")
_LARGE = 25_000_000  # bytes of a page from which on it is said that it is large
_SHOWN = "What it shows"


def report(
    scores: Annotated[list[str], typer.Argument(metavar="SCORES", help="Score tables, or folders of them.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The page, .html.")],
    title: Annotated[
        str, typer.Option(help="Of the page.", show_default="names the tables", rich_help_panel=_SHOWN)
    ] = "",
    clips: Annotated[
        int, typer.Option(help="Best clips, and worst ones, shown of each axis.", min=0, rich_help_panel=_SHOWN)
    ] = 5,
    embed_audio: Annotated[
        bool,
        typer.Option(
            "--embed-audio", help="Those clips' audio in the page itself, not linked.", rich_help_panel=_SHOWN
        ),
    ] = False,
    no_audio: Annotated[
        bool, typer.Option("--no-audio", help="No players and no pictures of sounds.", rich_help_panel=_SHOWN)
    ] = False,
    no_explain: Annotated[
        bool,
        typer.Option(
            "--no-explain", help="Pictures of sounds without what the scores lean on.", rich_help_panel=_SHOWN
        ),
    ] = False,
    ratings: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Human ratings of clips or systems: how well the scores follow them.",
            rich_help_panel=_SHOWN,
        ),
    ] = None,
    axis: Annotated[
        str | None,
        typer.Option(
            metavar="AXIS",
            help="With --ratings, only this axis; needed where they do not say theirs.",
            rich_help_panel=_SHOWN,
        ),
    ] = None,
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Take scores of several models, or revisions of one.")
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Put scores on one page: ranking, distributions, the best and the worst clips to hear, and a table of all clips.

    The page is one file that needs no network. Audio is linked where it lies, or embedded.
    """
    if embed_audio and no_audio:
        raise typer.BadParameter("goes not with --no-audio", param_hint="--embed-audio")
    if axis is not None and ratings is None:
        raise typer.BadParameter("goes with --ratings", param_hint="--axis")
    from drasp_cli.reporting.gathering import Wishes, gather_report
    from drasp_cli.reporting.page import report_page
    from drasp_cli.tables.reading import table_files

    talk = Talk(quiet)
    _check_ending(output)
    files = table_files(scores)
    options.refuse_overwriting(output, [*files, *([ratings] if ratings else [])], "--output")
    wishes = Wishes(clips, not no_audio, embed_audio, not no_explain, allow_mixed, title, ratings, axis)
    with talk.progress("listen", None) as advance:
        command = _command(scores, output, wishes)
        found = gather_report(files, wishes, command, os.environ, advance, partial(_compare, wishes, talk))
    options.refuse_overwriting(output, [row.clip.path for row in found.rows], "--output")
    size = _write(output, report_page(found, output))
    _tell(found, output, size, talk)
    if found.failed:
        raise typer.Exit(SOME_FAILED)


def _compare(wishes: Wishes, talk: Talk, rows: Sequence[ClipScore]) -> Sequence[Evaluation]:
    """The rows against the ratings that are wished for; none without any.

    Raises:
        RatingsError: they cannot be read, or nothing in them fits.
    """
    if wishes.ratings is None:
        return ()
    from drasp_cli.cli.ratings import axes_of, compare_with_ratings, read_rated_axes, scored_axes

    rated = read_rated_axes(wishes.ratings, axes_of(rows), only=wishes.axis, scored=scored_axes(rows))
    return compare_with_ratings(rows, rated, talk)


def _check_ending(output: str) -> None:
    """Refuses, before the work, a page that is none by its name, or that has no place.

    Raises:
        OutputError: there is no such folder, or it is one.
    """
    from drasp_cli.tables.files import check_folder

    if Path(output).suffix.lower() not in _ENDINGS:
        raise typer.BadParameter(f"{output}: a page ends in .html", param_hint="--output")
    check_folder(output)


def _command(scores: Sequence[str], output: str, wishes: Wishes) -> str:
    """The command line that says the same, for the page to name."""
    words = ["drasp", "report", *scores, "-o", output]
    if wishes.title:
        words += ["--title", wishes.title]
    if wishes.clips != type(wishes)().clips:
        words += ["--clips", str(wishes.clips)]
    for option, value in (("--ratings", wishes.ratings), ("--axis", wishes.axis)):
        words += [option, value] if value is not None else []
    given = {
        "--embed-audio": wishes.embed,
        "--no-audio": not wishes.audio,
        "--no-explain": not wishes.explain,
        "--allow-mixed": wishes.allow_mixed,
    }
    return shlex.join([*words, *(option for option, is_given in given.items() if is_given)])


def _write(output: str, page: str) -> int:
    """Writes the page, whole or not at all; how many bytes it has.

    Raises:
        OutputError: it cannot be written.
    """
    from drasp_cli.tables.files import replacing

    content = page.encode("utf-8")
    try:
        with replacing(output) as stream:
            stream.write(content)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror or error}") from None
    return len(content)


def _tell(report: Report, output: str, size: int, talk: Talk) -> None:
    """What became of it, and what is not on it."""
    for reason in report.silence:
        talk.notice(reason)
    missing = 0 if report.audio is None else sum(not there for there in report.audio)
    if missing:
        talk.notice(f"the audio of {missing} of {counted(len(report.rows), 'clip')} is not where the table says")
    if report.failed:
        talk.notice(f"{counted(len(report.failed), 'clip')} could not be scored; the page says why")
    large = ""
    if size > _LARGE:
        large = "; most of it is audio: fewer --clips make it smaller" if report.embedded else ", which may open slowly"
    talk.notice(f"{output}: {counted(len(report.rows), 'clip')}, {size / 1e6:.1f} MB{large}")
