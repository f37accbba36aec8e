"""Score tables to a report: ranks the systems, chooses clips, and listens to those."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from drasp_cli import __version__
from drasp_cli.checkpoints.integrity import digest_of
from drasp_cli.datatypes import ClipScore
from drasp_cli.errors import AudioError, DraspError, InputError
from drasp_cli.evaluation import Evaluation
from drasp_cli.reporting.audio import embedded, is_there
from drasp_cli.reporting.choosing import Choice, choose
from drasp_cli.reporting.content import Provenance, Report, Source
from drasp_cli.reporting.listening import Listener, Sound, explained_by, load_at_hand, look
from drasp_cli.tables.ranking import rank_systems
from drasp_cli.tables.reading import read_score_tables
from drasp_cli.tables.systems import average_clips

EPOCH = "SOURCE_DATE_EPOCH"
"""The variable that says when something is taken to be made, in seconds since 1970 (reproducible-builds.org)."""

_MOST_REASONS = 3  # clips whose sound cannot be drawn that are named


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a report is to show.

    Attributes:
        clips: best and worst clips, each, that are shown of every axis.
        audio: whether it has players and pictures of sounds.
        embed: whether the audio of the chosen clips is in the page.
        explain: whether what the scores of the chosen clips lean on is worked out.
        allow_mixed: take rows of several models.
        title: of the page; empty for one that names the tables.
        ratings: the file of ratings by people, if there is one.
        axis: the only one that is held against the ratings; None for all that are rated.
    """

    clips: int = 5
    audio: bool = True
    embed: bool = False
    explain: bool = True
    allow_mixed: bool = False
    title: str = ""
    ratings: str | None = None
    axis: str | None = None


def gather_report(
    files: Sequence[str],
    wishes: Wishes,
    command: str,
    environment: Mapping[str, str],
    on_clip: Callable[[], None] = lambda: None,
    compare: Callable[[Sequence[ClipScore]], Sequence[Evaluation]] = lambda rows: (),
) -> Report:
    """The report of some score tables. Its rows, and pictures of the chosen clips alone, are in memory.

    Args:
        files: score tables.
        wishes: what it is to show.
        command: that makes it, as a shell takes it.
        environment: where `SOURCE_DATE_EPOCH` may stand.
        on_clip: called when a chosen clip is done.
        compare: holds the rows against the ratings that are wished for, axis by axis.

    Raises:
        TableError: the tables cannot be read or ranked.
        RatingsError: of `compare`.
        InputError: SOURCE_DATE_EPOCH is no date.
    """
    rows = list(read_score_tables(files, allow_mixed=wishes.allow_mixed))
    agreement = {result.axis: result for result in compare(rows)}
    has_systems = any(row.clip.system for row in rows)
    table = rank_systems(rows, allow_mixed=wishes.allow_mixed) if has_systems else average_clips(rows)
    choices = tuple(choose(rows, axis, wishes.clips) for axis in table.axes)
    audio = [is_there(row.clip.path) for row in rows] if wishes.audio else None
    sounds: dict[tuple[int, str], Sound] = {}
    silence: tuple[str, ...] = ()
    if audio is not None:
        wanted = {number: axes for number, axes in chosen(choices).items() if audio[number]}
        sounds, silence = _listen(rows, wanted, wishes.explain, on_clip)
    # Only what was decoded is put into a page that may be sent: a table may name any file of this disk as a clip.
    heard = sorted({number for number, _ in sounds}) if wishes.embed else []
    held = {number: embedded(rows[number].clip) for number in heard}
    ratings = None if wishes.ratings is None else _source(wishes.ratings)
    made = Provenance(__version__, command, _date(files, environment), tuple(map(_source, files)), ratings)
    title = wishes.title or _title(files)
    return Report(title, rows, table, choices, sounds, silence, audio, held, made, agreement)


def chosen(choices: Iterable[Choice]) -> dict[int, list[str]]:
    """Number of a row -> the axes on which it is among the best or the worst."""
    axes: dict[int, list[str]] = {}
    for choice in choices:
        for number in (*choice.best, *choice.worst):
            axes.setdefault(number, []).append(choice.axis)
    return axes


def _listen(
    rows: Sequence[ClipScore], wanted: Mapping[int, Sequence[str]], explain: bool, on_clip: Callable[[], None]
) -> tuple[dict[tuple[int, str], Sound], tuple[str, ...]]:
    """What is drawn of the `wanted` clips, and why that is not all of it."""
    sounds: dict[tuple[int, str], Sound] = {}
    listeners = _listeners((rows[number] for number in wanted), explain)
    reasons = [f"What scores lean on is not shown: {why}" for why in listeners.values() if isinstance(why, str)]
    unheard: list[str] = []
    lacks_prompt = False
    for number, axes in wanted.items():
        row = rows[number]
        listener = listeners.get(row.model)
        try:
            found = listener.explain(row, axes) if isinstance(listener, Listener) else {}
            rest = [axis for axis in axes if axis not in found]
            if rest:
                found |= dict.fromkeys(rest, look(row.clip))
                lacks_prompt |= isinstance(listener, Listener) and listener.needs_prompts and row.clip.prompt is None
            sounds |= {(number, axis): sound for axis, sound in found.items()}
        except AudioError as error:
            unheard.append(str(error))
        on_clip()
    reasons += unheard[:_MOST_REASONS]
    if len(unheard) > _MOST_REASONS:
        reasons.append(f"The sound of {len(unheard) - _MOST_REASONS} more of the chosen clips cannot be drawn.")
    if lacks_prompt:
        reasons.append("Scores that read prompts are explained where the table has them: drasp score --with-prompts.")
    return sounds, tuple(reasons)


def _listeners(rows: Iterable[ClipScore], explain: bool) -> dict[str, Listener | str]:
    """What the column `model` says -> who explains such rows, or why nobody does."""
    listeners: dict[str, Listener | str] = {}
    for row in rows:
        if not explain or row.model in listeners:
            continue
        if not row.model:
            listeners[""] = "the table does not say which model scored its rows"
            continue
        try:
            listeners[row.model] = Listener([load_at_hand(label) for label in explained_by(row)])
        except DraspError as error:
            listeners[row.model] = str(error)
    return listeners


def _title(files: Sequence[str]) -> str:
    first = Path(files[0]).name
    return f"Scores in {first}" + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def _source(path: str) -> Source:
    return Source(path, digest_of(Path(path), like="sha256:").removeprefix("sha256:")[:12])


def _date(files: Sequence[str], environment: Mapping[str, str]) -> str:
    """When the page is taken to be made, or else, since a clock would make each page another, when the scores were."""
    epoch = environment.get(EPOCH, "")
    if epoch.isdecimal():
        try:
            return f"made {_in_words(int(epoch))}"
        except (ValueError, OverflowError, OSError):
            raise InputError(f"${EPOCH}", f"{epoch[:40]} seconds since 1970 is no date up to the year 9999") from None
    return f"scores written {_in_words(max(os.stat(path).st_mtime for path in files))}"  # noqa: PTH116


def _in_words(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
