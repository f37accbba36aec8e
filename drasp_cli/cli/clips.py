"""From what a user names to clips with prompts, with a notice for everything that might surprise."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from drasp_cli.cli.output import Talk
from drasp_cli.datasets.manifest import ClipList, collect_clips
from drasp_cli.datasets.prompts import PromptReport, attach_prompts


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
        InputError: an input, a manifest or the prompt file cannot be understood.
    """
    stdin = sys.stdin.buffer if "-" in inputs else None
    clips = collect_clips(inputs, stdin=stdin, null_separated=null_separated, system_pattern=system_pattern)
    if clips.pattern_missed:
        talk.notice(f"--system-pattern was not found in {clips.pattern_missed} of {len(clips)} paths")
    if clips.shared_names:
        names = ", ".join(clips.shared_names)
        talk.notice(f"several folders are called {names}, and count as one system; --system-pattern tells them apart")
    if prompts is not None:
        clips, report = attach_prompts(clips, prompts, prompt_pattern)
        _tell(report, prompts, talk)
    return clips if limit is None else clips[:limit]


def _tell(report: PromptReport, source: str, talk: Talk) -> None:
    if report.without_prompt:
        talk.notice(f"{report.without_prompt} of {report.clips} clips have no prompt; their TA is empty")
    if report.kept:
        talk.notice(f"{report.kept} clips keep the prompt of their manifest; {source} was not asked for them")
    if report.unused_ids:
        shown = ", ".join(report.unused_ids[:3]) + (", ..." if len(report.unused_ids) > 3 else "")
        talk.notice(f"{len(report.unused_ids)} ids of {source} belong to no clip: {shown}")
    if report.number_order:
        first, second = report.number_order
        talk.notice(f"the lines of {source} went to the clips in code-point order, {first} before {second}")
