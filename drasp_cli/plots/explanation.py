"""A clip as the network heard it, and under it, on the same axis of time, what its scores lean on.

    spectrogram
    score of each window      where there are several, or stretches; the best and the worst stretch
    weight of each segment
    influence of each segment, a panel for each axis

What was heard is longer than the clip where a clip is filled by repetition: the marks on the axis are seconds of the
clip, which begin again with every round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from drasp_cli.audio.spectrogram import Spectrogram
from drasp_cli.explaining import ClipExplanation, Explanation
from drasp_cli.plots.style import (
    BLACK,
    BLUE,
    GREY,
    PAGE_WIDTH,
    PALE,
    SERIES,
    STROKES,
    SURFACE,
    VERMILION,
    label_ends,
    note,
    save,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RANGE = 70.0  # dB below the loudest that are drawn
_STEP = 3.5  # dB from one shade to the next; more shades would not be seen, and make a larger file
_HEIGHTS = {"sound": 1.4, "windows": 0.75, "weights": 0.8, "influence": 0.85}  # inches
_EDGES = 1.65  # inches for the title, the axis of time and what is between panels
_LONGEST_NAME = 85  # characters of a title
_MOST_ROUNDS = 12  # that are marked as clearly as this
_MOST_LINES = 200  # rounds that are marked at all: more lines would hide what they part, and take minutes to draw
_MOST_EDGES = 400  # segments whose borders are drawn


def save_explanation(explanation: ClipExplanation, sound: Spectrogram, *, name: str, facts: str, path: str) -> None:
    """Draws an explanation and writes the picture.

    Args:
        explanation: of at least one axis.
        sound: of all the windows, one behind the other, with their fill.
        name: of the clip, for the title, which takes the end of a long one.
        facts: what else is known of it, further lines of the title.
        path: of the file; its ending says the kind.

    Raises:
        OutputError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    panels = _panels(explanation)
    heights = [_HEIGHTS[kind] for kind, _ in panels]
    with style():
        figure = Figure(figsize=(PAGE_WIDTH, sum(heights) + _EDGES + 0.22 * len(panels)), layout="constrained")
        figure.suptitle(f"{_cut(name)}\n{facts}", x=0.01, ha="left")
        grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for axes, (kind, shown) in zip(grid, panels, strict=True):
            if kind == "sound":
                _draw_sound(axes, sound)
            elif kind == "windows":
                _draw_windows(axes, explanation)
            elif kind == "weights":
                _draw_weights(axes, explanation)
            else:
                _draw_influence(axes, shown)
        _mark_time(grid[-1], explanation)
        for axes in grid:
            _mark_rounds(axes, explanation)
        figure.align_ylabels(list(grid))
        save(figure, path)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else "…" + name[1 - _LONGEST_NAME :]


def _panels(explanation: ClipExplanation) -> list[tuple[str, Explanation]]:
    first = explanation.axes[0]
    panels = [("sound", first)]
    if len(first.windows) > 1 or first.stretches:
        panels.append(("windows", first))
    if first.segments[0].weight is not None:
        panels.append(("weights", first))
    return panels + [("influence", axis) for axis in explanation.axes]


def _draw_sound(axes: Axes, sound: Spectrogram) -> None:
    levels = sound.levels
    top = max(float(levels.max()), -60.0)  # so that silence is dark, and not as loud as can be
    axes.imshow(
        np.round(levels / _STEP) * _STEP,
        origin="lower",
        aspect="auto",
        extent=(0.0, sound.seconds, 0.0, 1.0),
        cmap=SURFACE,
        vmin=top - _RANGE,
        vmax=top,
        interpolation="nearest",
        rasterized=True,
    )
    ticks = [hertz for hertz in (100, 1_000, 10_000) if hertz < sound.frequencies[-1]]
    low, high = np.log(sound.frequencies[0]), np.log(sound.frequencies[-1])
    axes.set_yticks([(np.log(hertz) - low) / (high - low) for hertz in ticks], [f"{hertz:,}" for hertz in ticks])
    axes.set_ylabel("Hz")
    note(axes, f"what the network heard, {_RANGE:.0f} dB from the loudest down")


def _draw_windows(axes: Axes, explanation: ClipExplanation) -> None:
    for place, axis in enumerate(explanation.axes):
        scores = [window.score for window in axis.windows]
        edges = [i * explanation.window_seconds for i in range(len(scores))] + [axis.segments[-1].heard.end]
        axes.stairs(scores, edges, color=_color(place), linestyle=_stroke(place), linewidth=1.4, baseline=None)
        for stretch in (axis.best, axis.worst):
            if stretch is not None:
                begin, end = (time - explanation.span.start for time in stretch.span)
                axes.hlines(stretch.score, begin, end, color=_color(place), linewidth=3.5, alpha=0.55)
    axes.margins(y=0.15)
    axes.autoscale_view()
    _name_ends(axes, explanation, [axis.windows[-1].score for axis in explanation.axes])
    axes.set_ylabel("score")
    said = f"score of each window of {explanation.window_seconds:g} s alone"
    if explanation.axes[0].stretches:
        said += f"; thick: the best and the worst {explanation.stretches.seconds:g} s"
    note(axes, said)


def _draw_weights(axes: Axes, explanation: ClipExplanation) -> None:
    curves = [[segment.weight or 0.0 for segment in axis.segments] for axis in explanation.axes]
    edges = _edges(explanation.axes[0])
    shared = all(curve == curves[0] for curve in curves)
    if shared:
        axes.stairs(curves[0], edges, fill=True, color=PALE)
        axes.stairs(curves[0], edges, color=BLACK, linewidth=0.9)
    else:
        for place, curve in enumerate(curves):
            axes.stairs(curve, edges, color=_color(place), linestyle=_stroke(place), linewidth=0.9, baseline=None)
    even = _even_weight(explanation.axes[0])
    dashes = (0, (4, 3)) if shared else (0, (1, 2.5))
    axes.stairs(even, edges, color=GREY, linewidth=0.8, linestyle=dashes, baseline=None)
    axes.set_ylim(0.0, 1.08 * max(max(map(max, curves)), max(even)))
    if not shared:
        _name_ends(axes, explanation, [curve[-1] for curve in curves])
    axes.set_ylabel("weight")
    said = "dashed" if shared else "fine dots"
    note(axes, f"attention weight of each segment (sum 1 in a window); {said}: if all were alike")


def _draw_influence(axes: Axes, axis: Explanation) -> None:
    edges = _edges(axis)
    values = np.array([segment.influence or 0.0 for segment in axis.segments])
    line = 0.6 if len(values) <= _MOST_EDGES else 0.0
    for part, color in ((np.maximum(values, 0.0), BLUE), (np.minimum(values, 0.0), VERMILION)):
        axes.stairs(part, edges, fill=True, color=color, linewidth=line)
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    reach = max(float(np.abs(values).max()), 1e-6)
    axes.set_ylim(-1.15 * reach, 1.15 * reach)
    axes.set_ylabel(f"{axis.axis} {axis.score:.2f}", fontweight="bold")
    label_ends(axes, [("raises", 0.55 * reach, BLUE), ("lowers", -0.55 * reach, VERMILION)])
    note(axes, f"influence: {axis.axis} minus {axis.axis} with the segment left out of the pooling")


def _name_ends(axes: Axes, explanation: ClipExplanation, heights: Sequence[float]) -> None:
    """The names of the axes, in their colours, where their curves end."""
    labels = zip(explanation.axes, heights, strict=True)
    label_ends(axes, [(axis.axis, height, _color(place)) for place, (axis, height) in enumerate(labels)])


def _edges(axis: Explanation) -> list[float]:
    """Where the segments of what was heard begin, and where the last one ends."""
    return [segment.heard.start for segment in axis.segments] + [axis.segments[-1].heard.end]


def _even_weight(axis: Explanation) -> list[float]:
    """For each segment what it would weigh if all those of its window weighed the same."""
    counts = [0] * len(axis.windows)
    for segment in axis.segments:
        counts[segment.window - 1] += 1
    return [1.0 / counts[segment.window - 1] for segment in axis.segments]


def _color(place: int) -> str:
    return SERIES[place % len(SERIES)]


def _stroke(place: int) -> Any:
    return STROKES[place % len(STROKES)]


def _mark_time(axes: Axes, explanation: ClipExplanation) -> None:
    """Marks in seconds of the file, which begin again in every round."""
    from matplotlib.ticker import MaxNLocator

    begins = rounds(explanation)
    end = explanation.axes[0].segments[-1].heard.end
    start = explanation.span.start
    silence = _silence(explanation)
    axes.set_xlim(0.0, end)
    step = _step(end)
    if len(begins) == 1 and silence is None:
        axes.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(lambda heard, _: f"{start + heard:g}")
        axes.set_xlabel("seconds of the file")
        return
    last_window = (len(explanation.axes[0].windows) - 1) * explanation.window_seconds
    ticks: list[float] = []
    names: list[str] = []
    for i, begin in enumerate(begins):
        behind = begins[i + 1] if i + 1 < len(begins) else (end if silence is None else silence)
        of_clip = 0.0 if begin < last_window else last_window
        for offset in np.arange(0.0, behind - begin, step):
            if offset == 0.0 or behind - begin - offset > 0.4 * step:
                if ticks and begin + offset - ticks[-1] < 0.4 * step:
                    continue
                ticks.append(begin + offset)
                names.append(f"{start + of_clip + offset:g}")
    axes.set_xticks(ticks, names)
    again = f"; the same is heard {len(begins):,} times"
    if len(begins) <= _MOST_LINES:
        again = "; behind a dotted line the same is heard again" if len(begins) > 1 else ""
    axes.set_xlabel(f"seconds of the file{again}")


def _step(length: float) -> float:
    """A round number of seconds, so that there are about ten marks."""
    rough = length / 10
    power = 10.0 ** np.floor(np.log10(rough))
    return float(min((step * power for step in (1, 2, 5, 10) if step * power >= rough), default=10 * power))


def rounds(explanation: ClipExplanation) -> Sequence[float]:
    """Where, in what was heard, the clip begins, and where its last window begins again.

    Of a clip of one window of 10 s, 4 s long: 0 and 4.
    """
    windows = explanation.axes[0].windows
    before = (len(windows) - 1) * explanation.window_seconds
    again = [before + i * windows[-1].span.seconds for i in range(1, explanation.copies)]
    return [0.0, *again]


def _silence(explanation: ClipExplanation) -> float | None:
    """Where the silence behind the sound begins, in what was heard; None where there is none."""
    windows = explanation.axes[0].windows
    sound = (len(windows) - 1) * explanation.window_seconds + explanation.copies * windows[-1].span.seconds
    return sound if explanation.axes[0].segments[-1].heard.end - sound > 0.01 else None


def _mark_rounds(axes: Axes, explanation: ClipExplanation) -> None:
    """Dotted lines where the clip begins again, and a word where there is but silence."""
    begins = rounds(explanation)[1:]
    width = 0.9 if len(begins) < _MOST_ROUNDS else 0.3
    for begin in begins if len(begins) < _MOST_LINES else ():
        axes.axvline(begin, color="white" if axes.get_images() else BLACK, linewidth=width, linestyle=":")
    silence = _silence(explanation)
    if silence is not None:
        end = explanation.axes[0].segments[-1].heard.end
        axes.axvspan(silence, end, facecolor="none", edgecolor=GREY, hatch="////", linewidth=0.0, alpha=0.35)
        if axes.get_images() and end - silence > 0.03 * end:
            axes.text((silence + end) / 2, 0.5, "silence", color="white", rotation=90, ha="center", va="center")
