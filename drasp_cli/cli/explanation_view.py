"""An explanation drawn for a person: strips over time, the segments that matter most, and what to read into them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from drasp_cli.audio.flags import FLAGS
from drasp_cli.cli.drawing import DrawnColumn, Fit, draw, write_below
from drasp_cli.cli.output import data_stream
from drasp_cli.cli.printable import printable
from drasp_cli.cli.strip import blocks, spread
from drasp_cli.explaining import ClipExplanation, Explanation, Segment, Span, Stretches

_WIDEST = 64  # cells of a strip
_BESIDE = 40  # cells for what stands left and right of it
_STRONGEST = 3  # segments that are listed, of those that raise a score and of those that lower it
_WHAT = (
    "influence: the score minus the score with that segment left out of the pooling; the network's tower has heard it "
    "all the same"
)


def draw_explanation(explanation: ClipExplanation) -> None:
    """The whole of it on standard output.

    Raises:
        OutputError: standard output is closed.
    """
    from rich.console import Console

    stream = data_stream()
    width = max(min(_WIDEST, Console(file=stream).width - _BESIDE), 16) if stream.isatty() else _WIDEST
    lines = [f"{printable(explanation.clip.path)}: {facts(explanation)}"]
    for axis in explanation.axes:
        lines += ["", *_strips(explanation, axis, width)]
    print("\n".join(lines), file=stream)
    _draw_strongest(explanation)
    below = [_compared(explanation.stretches), _WHAT, *(f"{flag}: {FLAGS[flag]}" for flag in explanation.flags)]
    write_below([*below, f"{explanation.model}, {explanation.pooling}"])


def facts(explanation: ClipExplanation) -> str:
    """How long the clip is, and how it was heard."""
    first = explanation.axes[0]
    said = [f"{explanation.seconds:.2f} s" if explanation.seconds >= 0.1 else f"{explanation.seconds:.2g} s"]
    if len(first.windows) > 1:
        said.append(f"{len(first.windows)} windows of {explanation.window_seconds:g} s")
    if explanation.copies > 1:
        what = "the last one's sound" if len(first.windows) > 1 else "the clip"
        said.append(f"{what} {explanation.copies} times over")
    said.append(f"segments of {explanation.segment_seconds:.3g} s")
    return ", ".join(said)


def _compared(stretches: Stretches) -> str:
    """Among what the best and the worst were found, or why there are none."""
    if stretches.hop is None:
        return f"no best and worst {stretches.seconds:g} s: {stretches.why_none}"
    return (
        f"best, worst: of stretches of {stretches.seconds:g} s, one every {stretches.hop:g} s, each scored as a clip "
        "of its own"
    )


def where(segment: Segment) -> str:
    """The seconds of the file that a segment hears."""
    return ", ".join(map(_times, segment.spans)) or "silence behind the clip"


def _strips(explanation: ClipExplanation, axis: Explanation, width: int) -> list[str]:
    length = axis.segments[-1].heard.end

    def curve(value: Callable[[Segment], float | None]) -> list[float]:
        return spread(((*segment.heard, value(segment)) for segment in axis.segments), length, width)

    def line(name: str, values: list[float], highest: float, said: str) -> str:
        return f"  {name:<8}{blocks(values, highest)}  {said}".rstrip()

    lines = [f"{axis.axis} {axis.score:.2f}"]
    if len(axis.windows) > 1:
        lines.append(line("score", *_window_strip(explanation, axis, length, width)))
    weights = [segment.weight for segment in axis.segments if segment.weight is not None]
    if weights:
        values = curve(lambda segment: segment.weight)
        per_window = sum(segment.window == 1 for segment in axis.segments)
        lines.append(line("weight", values, max(values), f"up to {max(weights):.3f}, even {1 / per_window:.3f}"))
    else:
        lines.append(f"  weight  none: {explanation.pooling} weighs all frames alike")
    influence = [segment.influence or 0.0 for segment in axis.segments]
    values = curve(lambda segment: segment.influence)
    highest = max(map(abs, values))
    raises, lowers = [max(value, 0.0) for value in values], [max(-value, 0.0) for value in values]
    lines.append(line("raises", raises, highest, f"up to {max(0.0, *influence):+.3f}"))
    lines.append(line("lowers", lowers, highest, f"down to {min(0.0, *influence):+.3f}"))
    lines.append(" " * 10 + _ruler(explanation, length, width))
    if axis.best is not None and axis.worst is not None:
        for name, stretch in (("best", axis.best), ("worst", axis.worst)):
            lines.append(f"  {name:<8}{stretch.score:.2f} alone: {_times(stretch.span)}")
    if axis.branches is not None:
        found = axis.branches
        lines.append(
            f"  branches of the pooling: {found.whole:.0%} whole clip (alpha {found.alpha:+.2f}), "
            f"{found.segments:.0%} segments (beta {found.beta:+.2f})"
        )
    return lines


def _window_strip(
    explanation: ClipExplanation, axis: Explanation, length: float, width: int
) -> tuple[list[float], float, str]:
    """Scores of the windows above a floor below the lowest, the highest of them so counted, and both in words."""
    scores = [window.score for window in axis.windows]
    low, high = min(scores), max(scores)
    floor = low - (high - low or 1.0) / 7  # so that the lowest is the lowest block, and not blank
    begins = [number * explanation.window_seconds for number in range(len(scores))]
    pieces = zip(begins, [*begins[1:], length], (score - floor for score in scores), strict=True)
    return spread(pieces, length, width), high - floor, f"{low:.2f} to {high:.2f}"


def _ruler(explanation: ClipExplanation, length: float, width: int) -> str:
    """Seconds of the file under the strips, and where it begins again."""
    windows = explanation.axes[0].windows
    last = windows[-1].span
    begin = (len(windows) - 1) * explanation.window_seconds
    sound = begin + explanation.copies * last.seconds
    marks = [(i * explanation.window_seconds, _short(window.span.start)) for i, window in enumerate(windows)]
    marks += [(begin + i * last.seconds, _short(last.start)) for i in range(1, explanation.copies)]
    marks.append((sound, "silence" if length - sound > 0.01 else _short(explanation.span.end)))
    line = ""
    for at, name in marks:
        place = min(int(at / length * width), width - 1)
        if place < len(line) + bool(line):
            continue
        if place + 1 + len(name) <= width:
            line = f"{line:<{place}}└{name}"
        elif len(line) + len(name) + 2 <= width:
            line = f"{line:<{width - len(name) - 1}}{name}┘"
    return line


def _draw_strongest(explanation: ClipExplanation) -> None:
    rows = [(axis.axis, segment) for axis in explanation.axes for segment in _strongest(axis)]
    if not rows:
        return
    has_weights = any(segment.weight is not None for _, segment in rows)
    columns = [
        DrawnColumn("axis", [axis for axis, _ in rows], Fit.NAME),
        DrawnColumn("influence", [f"{segment.influence:+.3f}" for _, segment in rows], Fit.NUMBER),
    ]
    if has_weights:
        columns.append(DrawnColumn("weight", [f"{segment.weight:.3f}" for _, segment in rows], Fit.NUMBER))
    columns.append(DrawnColumn("seconds of the file", [where(segment) for _, segment in rows], Fit.WORDS))
    draw(columns)


def _strongest(axis: Explanation) -> Iterable[Segment]:
    """Those that raise the score most, then those that lower it most, the strongest of them last."""
    ordered = sorted(
        (segment for segment in axis.segments if segment.influence), key=lambda segment: -(segment.influence or 0.0)
    )
    raises = [segment for segment in ordered if (segment.influence or 0.0) > 0]
    lowers = [segment for segment in ordered if (segment.influence or 0.0) < 0]
    return [*raises[:_STRONGEST], *lowers[-_STRONGEST:]]


def _short(seconds: float) -> str:
    """A mark under a strip: seconds with one decimal, or minutes and whole seconds."""
    return f"{seconds:.1f} s" if seconds < 60 else _clock(float(round(seconds)))[:-3]


def _times(span: Span) -> str:
    return f"{_clock(span.start)} to {_clock(span.end)}"


def _clock(seconds: float) -> str:
    """Seconds, with minutes and hours where there are some.

    >>> _clock(2.5), _clock(62.25), _clock(3600.0)
    ('2.50', '1:02.25', '1:00:00.00')
    """
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest / 100:05.2f}"
    return f"{minutes}:{rest / 100:05.2f}" if minutes else f"{rest / 100:.2f}"
