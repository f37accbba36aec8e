r"""An explanation as CSV, JSON, or a label track that Audacity opens.

A label track has a line `start<TAB>end<TAB>text` for each stretch of sound, in seconds with six decimals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from drasp_cli.errors import OutputError
from drasp_cli.explaining.explanation import Branches, ClipExplanation, Explanation, ScoredWindow, Segment, Span
from drasp_cli.tables.columns import Column, Kind, Record, rounded
from drasp_cli.tables.files import replacing
from drasp_cli.tables.formats import open_writer

COLUMNS = (
    Column("path", Kind.TEXT),
    Column("axis", Kind.TEXT),
    Column("window", Kind.COUNT),
    Column("segment", Kind.COUNT),
    Column("start", Kind.SCORE),
    Column("end", Kind.SCORE),
    Column("weight", Kind.SCORE),
    Column("influence", Kind.SCORE),
    Column("window_score", Kind.SCORE),
    Column("score", Kind.SCORE),
    Column("model", Kind.TEXT),
)
"""Of the CSV, in order."""


def numbered(segments: tuple[Segment, ...]) -> Iterator[tuple[int, Segment]]:
    """Segments with their number within their window, from 1."""
    window = number = 0
    for segment in segments:
        number = number + 1 if segment.window == window else 1
        window = segment.window
        yield number, segment


# ------------------------------------------------------------------------------------------------------- CSV


def records(explanation: ClipExplanation) -> Iterator[Record]:
    """Rows of the CSV: one for each axis, segment and stretch of sound, or without times for one that is silence."""
    for axis in explanation.axes:
        for number, segment in numbered(axis.segments):
            scores = (
                rounded(segment.weight),
                rounded(segment.influence),
                rounded(axis.windows[segment.window - 1].score),
                rounded(axis.score),
            )
            for start, end in segment.spans or ((None, None),):
                named = (explanation.clip.path, axis.axis, segment.window, number)
                yield (*named, start, end, *scores, explanation.model)


def write_csv(explanation: ClipExplanation, stream: BinaryIO) -> None:
    """The whole of it, as rows of `COLUMNS`."""
    writer = open_writer("csv", COLUMNS, stream)
    writer.write(records(explanation))
    writer.close()


# ------------------------------------------------------------------------------------------------------ JSON


def as_plain(explanation: ClipExplanation) -> dict[str, Any]:
    """What the JSON says, as plain data; numbers have six decimals."""
    clip = explanation.clip
    return {
        "format_version": 1,
        "path": clip.path,
        "start": clip.start,
        "end": clip.end,
        "prompt": clip.prompt,
        "seconds": rounded(explanation.seconds),
        "sample_rate": explanation.sample_rate,
        "flags": list(explanation.flags),
        "model": explanation.model,
        "pooling": explanation.pooling,
        "window_seconds": rounded(explanation.window_seconds),
        "segment_seconds": rounded(explanation.segment_seconds),
        "copies": explanation.copies,
        "stretch_seconds": rounded(explanation.stretches.seconds),
        "stretch_hop": rounded(explanation.stretches.hop),
        "no_stretches": explanation.stretches.why_none,
        "axes": {axis.axis: _axis(axis) for axis in explanation.axes},
    }


def write_json(explanation: ClipExplanation, stream: BinaryIO) -> None:
    """The whole of it, as one object on one line."""
    plain = as_plain(explanation)
    try:
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:  # a file name that is no UTF-8 is escaped, as in score tables
        text = json.dumps(plain, allow_nan=False).encode()
    stream.write(text + b"\n")


def _axis(axis: Explanation) -> dict[str, Any]:
    return {
        "score": rounded(axis.score),
        "branches": _branches(axis.branches),
        "worst": _window(axis.worst),
        "best": _window(axis.best),
        "stretches": [_window(stretch) for stretch in axis.stretches],
        "windows": [_window(window) for window in axis.windows],
        "segments": [
            {
                "window": segment.window,
                "segment": number,
                "heard": _span(segment.heard),
                "spans": [_span(span) for span in segment.spans],
                "weight": rounded(segment.weight),
                "influence": rounded(segment.influence),
            }
            for number, segment in numbered(axis.segments)
        ],
    }


def _branches(branches: Branches | None) -> dict[str, Any] | None:
    if branches is None:
        return None
    names = ("alpha", "beta", "whole", "segments")
    return {name: rounded(getattr(branches, name)) for name in names}


def _window(window: ScoredWindow | None) -> dict[str, Any] | None:
    return None if window is None else {"span": _span(window.span), "score": rounded(window.score)}


def _span(span: Span) -> list[float | None]:
    return [rounded(time) for time in span]


# ---------------------------------------------------------------------------------------------------- labels


def labels(explanation: ClipExplanation) -> Iterator[tuple[Span, str]]:
    """Labels in order of time: influence and weight, the scores of windows where there are several, best and worst.

    Axes that weigh alike share the mention of the weight.
    """
    found: list[tuple[Span, str]] = []
    first = explanation.axes[0]
    if len(first.windows) > 1:
        for windows in zip(*(axis.windows for axis in explanation.axes), strict=True):
            scores = (f"{axis.axis} {window.score:.3f}" for axis, window in zip(explanation.axes, windows, strict=True))
            found.append((windows[0].span, " ".join(scores)))
    for segments in zip(*(axis.segments for axis in explanation.axes), strict=True):
        text = _label(explanation.axes, segments)
        found += [(span, text) for span in segments[0].spans]
    for axis in explanation.axes:
        for name, stretch in (("best", axis.best), ("worst", axis.worst)):
            if stretch is not None:
                found.append((stretch.span, f"{name} {axis.axis} {stretch.score:.3f}"))
    return iter(sorted(found, key=lambda label: (label[0].start, -label[0].end)))


def write_labels(explanation: ClipExplanation, stream: BinaryIO) -> None:
    """The label track."""
    for span, text in labels(explanation):
        stream.write(f"{span.start:.6f}\t{span.end:.6f}\t{text}\n".encode())


def _label(axes: tuple[Explanation, ...], segments: tuple[Segment, ...]) -> str:
    words: list[str] = []
    for place, (axis, segment) in enumerate(zip(axes, segments, strict=True)):
        if segment.influence is not None:
            words.append(f"{axis.axis} {segment.influence:+.3f}")
        following = segments[place + 1].weight if place + 1 < len(segments) else None
        if segment.weight is not None and segment.weight != following:
            words.append(f"w {segment.weight:.3f}")
    return " ".join(words)


WRITERS: Mapping[str, Callable[[ClipExplanation, BinaryIO], None]] = {
    "csv": write_csv,
    "json": write_json,
    "labels": write_labels,
}
"""Name of a format, to what writes it whole."""


def write_file(explanation: ClipExplanation, format: str, path: str) -> None:
    """Writes a file in a format of `WRITERS`, replacing what was there.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        with replacing(path) as stream:
            WRITERS[format](explanation, stream)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
