"""The clips as the page's script reads them: columns, each text once and its number in every row that has it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from drasp_cli.audio.flags import FLAGS
from drasp_cli.reporting.audio import fragment, link_to_folder, link_to_name
from drasp_cli.reporting.content import Report
from drasp_cli.reporting.text import visible
from drasp_cli.tables.columns import rounded


def table_data(report: Report, page: str) -> dict[str, Any]:
    """Plain data for `markup.data_block`.

    Scores and lengths are lists of numbers; a text column is `{"values": [...], "codes": [...]}`, its values in
    code-point order, so that numbers sort as texts do. `links` beside `values` are addresses, 0 where it is the same
    as the text. Names of axes and systems are values throughout, never keys.

    Args:
        report: whose rows are written.
        page: the file that the page is written to.
    """
    clips = [row.clip for row in report.rows]
    paths = [os.path.split(clip.path) for clip in clips]
    axes = [report.table.axes[place] for place in report.scored]
    data: dict[str, Any] = {
        "axes": [visible(axis) for axis in axes],
        "scores": [[rounded(row.scores.get(axis)) for row in report.rows] for axis in axes],
        "seconds": [None if row.seconds is None else round(row.seconds, 2) for row in report.rows],
        "folder": _coded((folder for folder, _ in paths), _as_folder, lambda folder: link_to_folder(folder, page)),
        "name": _coded((name for _, name in paths), visible, link_to_name),
        "flags": _coded(" ".join(flag for flag in row.flags if flag not in _of_all(report)) for row in report.rows),
        "flagNames": [flag for flag in FLAGS if any(flag in row.flags for row in report.rows)],
        "embedded": sorted(report.embedded),
    }
    if report.audio is None:
        data["mute"] = True
    else:
        data["missing"] = [number for number, there in enumerate(report.audio) if not there]
    for name, texts in (
        ("id", [clip.id for clip in clips]),
        ("system", [clip.system for clip in clips]),
        ("prompt", [clip.prompt or "" for clip in clips]),
        ("range", [fragment(clip) for clip in clips]),
        ("error", [row.error for row in report.rows]),
    ):
        if any(texts):
            data[name] = _coded(texts)
    return data


def _of_all(report: Report) -> frozenset[str]:
    """Flags of every row, which the page says once, above."""
    first = set(report.rows[0].flags) if report.rows else set()
    return frozenset(flag for flag in first if all(flag in row.flags for row in report.rows))


def _as_folder(folder: str) -> str:
    """As it stands before the name."""
    return visible(folder) + ("/" if folder and not folder.endswith("/") else "")


def _coded(
    texts: Iterable[str], shown: Callable[[str], str] = visible, linked: Callable[[str], str] | None = None
) -> dict[str, Any]:
    every = list(texts)
    values: Sequence[str] = sorted(set(every))
    number = {value: place for place, value in enumerate(values)}
    found: dict[str, Any] = {"values": [shown(value) for value in values], "codes": [number[text] for text in every]}
    if linked is not None:
        links = [linked(value) for value in values]
        found["links"] = [0 if link == text else link for link, text in zip(links, found["values"], strict=True)]
    return found
