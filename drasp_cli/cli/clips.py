"""From what a user names to clips with prompts, with a notice for everything that might surprise."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from drasp_cli.cli import means
from drasp_cli.cli.output import Talk, counted
from drasp_cli.datasets.listings import is_listing_name, names_a_file
from drasp_cli.datasets.manifest import NO_SYSTEM_ADVICE, ClipList, collect_clips
from drasp_cli.datasets.prompts import PromptReport, attach_prompts
from drasp_cli.errors import InputError, first_few
from drasp_cli.tables.reading import is_score_table


def gather(
    inputs: Sequence[str],
    *,
    prompts: str | None,
    prompt_pattern: str | None,
    system_pattern: str | None,
    null_separated: bool = False,
    limit: int | None = None,
    talk: Talk,
) -> ClipList:
    """The clips of `inputs` with their prompts, in the order of their rows.

    Raises:
        InputError: an input, a manifest or the prompt file cannot be understood; an input is a table of scores, and
            no manifest of clips that are there.
    """
    for table in filter(is_score_table, inputs):
        _tell_table(table, talk)
    stdin = sys.stdin.buffer if "-" in inputs and sys.stdin is not None else None
    clips = collect_clips(inputs, stdin=stdin, null_separated=null_separated, system_pattern=system_pattern)
    if clips.pattern_missed:
        talk.notice(f"--system-pattern was not found in {clips.pattern_missed} of {len(clips)} paths")
    if clips.shared_names:
        each = " each" if len(clips.shared_names) > 1 else ""
        talk.notice(
            f"several folders are called {first_few(clips.shared_names)}, and count as one system{each}; to tell them "
            "apart, name the folder above them and add --system-pattern"
        )
    if prompts is not None:
        clips, report = attach_prompts(clips, prompts, prompt_pattern)
        _tell(report, prompts, talk)
    return clips if limit is None else clips[:limit]


def tell_systemless(clips: ClipList, talk: Talk) -> None:
    """A notice of clips without a system, where there is more than one clip and so something to average."""
    missing = sum(not clip.system for clip in clips)
    if missing and len(clips) > 1:
        means.tell_systemless(missing, len(clips), NO_SYSTEM_ADVICE, talk)


def require_prompts(clips: ClipList, source: str | None) -> None:
    """Refuses clips without a prompt, where a file of prompts is given.

    Raises:
        InputError: there are some.
    """
    bare = [clip.path for clip in clips if clip.prompt is None] if source is not None else []
    if bare:
        raise InputError(bare[0], f"has no prompt in {source}, nor have {len(bare) - 1} other clips")


def _tell_table(table: str, talk: Talk) -> None:
    """Tells, or refuses where that is all it can be, an INPUT that is a table of scores.

    Raises:
        InputError: none of its clips is there, or its format is not that of a manifest.
    """
    rank = f"drasp rank-systems {table}"
    if not is_listing_name(table):
        raise InputError(table, f"is a table of scores, not of clips; did you mean {rank}?")
    if not names_a_file(table):
        reason = f"is a table of scores, and none of its clips is there to be scored again; did you mean {rank}?"
        raise InputError(table, reason)
    talk.notice(f"{table} is a table of scores; its clips are scored again, and {rank} would rank it as it is")


def _tell(report: PromptReport, source: str, talk: Talk) -> None:
    if report.without_prompt:
        talk.notice(
            f"{report.without_prompt} of {report.clips} clips have no prompt; axes that read prompts stay empty"
        )
    if report.kept:
        talk.notice(f"{counted(report.kept, 'clip')} kept the prompt of the manifest, whatever {source} says")
    if report.unused_ids:
        shown = ", ".join(report.unused_ids[:3]) + (", ..." if len(report.unused_ids) > 3 else "")
        talk.notice(f"{counted(len(report.unused_ids), 'id')} of {source} matched no clip: {shown}")
    if report.number_order:
        first, second = report.number_order
        talk.notice(f"the lines of {source} went to the clips in code-point order, {first} before {second}")
