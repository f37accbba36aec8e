"""How well checkpoints agree with people, over the segment size of their poolings: Figure 4 of the DRASP paper.

A row of panels for each axis, SRCC at system and at clip level. Each pooling is a curve of its own mark, through the
mean of its checkpoints of one size; checkpoints without segments are dashed lines across the panel, and two halves of
the listeners a dotted one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from drasp_cli.evaluation.segment_sizes import SizedEvaluation
from drasp_cli.evaluation.table import FEW_ITEMS
from drasp_cli.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    PAGE_WIDTH,
    PALE,
    PURPLE,
    VERMILION,
    label_ends,
    note,
    save,
    shortened,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_METRIC = "SRCC"
_LISTENERS = "two halves of\nthe listeners"
_CURVES = ((BLUE, "o", "●"), (VERMILION, "s", "■"), (GREEN, "^", "▲"), (PURPLE, "D", "◆"))
"""Colour, mark, and the mark as a letter: one for each of the poolings that have segments."""
_DASHES = ((6, 2), (6, 2, 1, 2), (2, 1.5), (10, 2), (6, 2, 1, 2, 1, 2), (10, 2, 2, 2), (4, 4))
"""Points of a dash and of a gap, for each pooling without segments."""
_DOTTED = (1, 2)
_ROW, _LABEL, _EDGES, _HEAD = 2.0, 0.27, 0.5, 0.55  # inches: of an axis, of a label of two lines; of the title
_APART = 0.05  # doublings of the size between curves, so that their intervals do not hide each other
_LEAST_GAP = 0.09  # of the width of a panel, between sizes that are named below it
_LONGEST_AXIS = 20  # characters


def save_segment_sizes(found: Sequence[SizedEvaluation], *, title: str, facts: str, path: str) -> None:
    """Draws the curves and writes the picture.

    Args:
        found: and what follows, as of `draw_segment_sizes`.
        title: likewise.
        facts: likewise.
        path: of the file; its ending says the kind.

    Raises:
        OutputError: the file cannot be written.
    """
    with style():
        save(draw_segment_sizes(found, title=title, facts=facts), path)


def draw_segment_sizes(found: Sequence[SizedEvaluation], *, title: str, facts: str) -> Figure:
    """The picture, in the style that is set.

    Args:
        found: each checkpoint on each axis; one at least has segments.
        title: what was compared.
        facts: what else is known of it, the second line of the title.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(one.axis for one in found))
    levels = [level for level in ("system", "clip") if any(level in one.levels for one in found)]
    row = _EDGES + max(_ROW, _LABEL * (len({one.pooling for one in found}) + 1))
    figure = Figure(figsize=(PAGE_WIDTH, len(names) * row + _HEAD), layout="constrained")
    figure.suptitle(f"{shortened(title)}\n{shortened(facts)}", x=0.01, ha="left")
    panels = figure.subplots(len(names), len(levels), squeeze=False, sharex=True)
    labels: list[list[tuple[str, float, str]]] = []  # of the last panel of each line
    for name, line in zip(names, panels, strict=True):
        for level, axes in zip(levels, line, strict=True):
            ends = _draw(axes, [one for one in found if one.axis == name], level, _looks(found))
        labels.append(ends)
        line[0].set_ylabel(f"{shortened(name, _LONGEST_AXIS)} {_METRIC}", fontweight="bold")
    for axes in panels[-1]:
        axes.set_xlabel("segment size (frames)")
    figure.draw_without_rendering()  # so that panels are as high as they will be, and words find their room
    for axes, ends in zip(panels[:, -1], labels, strict=True):
        label_ends(axes, ends)
    return figure


@dataclass(frozen=True, slots=True)
class _Look:
    """How a pooling is drawn.

    Attributes:
        color: of all of it.
        mark: of a checkpoint; empty for a line across the panel.
        letter: the mark before the name.
        dashes: of the line.
        shift: in doublings of the size.
    """

    color: str
    mark: str = ""
    letter: str = ""
    dashes: tuple[float, ...] = ()
    shift: float = 0.0


def _looks(found: Sequence[SizedEvaluation]) -> dict[str, _Look]:
    """Pooling -> how it is drawn, in every panel."""
    curves = sorted({one.pooling for one in found if one.segment_size is not None})
    lines = sorted({one.pooling for one in found if one.segment_size is None})
    looks: dict[str, _Look] = {}
    for place, name in enumerate(curves):
        color, mark, letter = _CURVES[place]
        looks[name] = _Look(color, mark, letter, shift=_APART * (place - (len(curves) - 1) / 2))
    for place, name in enumerate(lines):
        looks[name] = _Look(BLACK, dashes=_DASHES[place])
    return looks


def _draw(
    axes: Axes, found: Sequence[SizedEvaluation], level: str, looks: Mapping[str, _Look]
) -> list[tuple[str, float, str]]:
    """One axis at one level; what stands right of it: a word, its height and its colour."""
    from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, ScalarFormatter

    labels: list[tuple[str, float, str]] = []
    sizes = sorted({one.segment_size for one in found if one.segment_size is not None})
    axes.set_xscale("log", base=2)
    axes.set_xlim(sizes[0] / 2**0.4, sizes[-1] * 2**0.4)
    axes.xaxis.set_major_locator(FixedLocator(_marked(sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    for name, look in looks.items():
        points = [
            (one, one.levels[level].srcc)
            for one in found
            if one.pooling == name and level in one.levels and not math.isnan(one.levels[level].srcc)
        ]
        if points:
            end = _draw_curve(axes, points, level, look) if look.mark else _draw_lines(axes, points, look)
            labels.append((f"{look.letter} {_broken(name)}".lstrip(), end, look.color))
    ceilings = {one.levels[level].listeners.get(_METRIC, math.nan) for one in found if level in one.levels}
    if len(ceilings) == 1 and not math.isnan(ceiling := ceilings.pop()):  # of all on the same clips, or of none
        axes.axhline(ceiling, color=GREY, linewidth=1.2, dashes=_DOTTED)
        labels.append((_LISTENERS, ceiling, GREY))
    axes.margins(y=0.08)
    axes.autoscale_view(scalex=False)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    counts = [len(one.levels[level].scores) for one in found if level in one.levels]
    rough = ", a rough guide" if counts and min(counts) < FEW_ITEMS else ""
    said = f"{level} level, {_range(counts)} {level}s\nbars: 95 % interval{rough}" if counts else f"no {level} level"
    note(axes, said)
    return labels


def _draw_curve(axes: Axes, points: Sequence[tuple[SizedEvaluation, float]], level: str, look: _Look) -> float:
    """A mark on its interval for each checkpoint, joined at the means of those of one size; the height of the last."""
    at: dict[int, list[float]] = {}
    for one, value in points:
        assert one.segment_size is not None
        at.setdefault(one.segment_size, []).append(value)
        x = one.segment_size * 2**look.shift
        axes.vlines(x, *one.levels[level].interval(_METRIC), color=look.color, linewidth=0.9, alpha=0.55)
        axes.plot([x], [value], look.mark, color=look.color, markersize=5, markeredgecolor="white", zorder=3)
    means = {size: fmean(values) for size, values in sorted(at.items())}
    axes.plot([size * 2**look.shift for size in means], list(means.values()), color=look.color, linewidth=1.3)
    return list(means.values())[-1]


def _draw_lines(axes: Axes, points: Sequence[tuple[SizedEvaluation, float]], look: _Look) -> float:
    """A line across the panel for each checkpoint; the mean of their heights."""
    for _, value in points:
        axes.axhline(value, color=look.color, linewidth=1.0, dashes=look.dashes)
    return fmean(value for _, value in points)


def _marked(sizes: Sequence[int]) -> list[int]:
    """The sizes that are named below a panel: all, as far as their names have room.

    >>> _marked([1, 2, 4, 8]), _marked([100, 101, 200])
    ([1, 2, 4, 8], [100, 200])
    """
    gap = _LEAST_GAP * (math.log2(sizes[-1] / sizes[0]) + 0.8)
    marked: list[int] = []
    for size in sizes:
        if not marked or math.log2(size / marked[-1]) >= gap:
            marked.append(size)
    return marked


def _broken(name: str) -> str:
    r"""A pooling's name on two lines where it is long.

    >>> _broken("DualResolutionAttentiveStatistics"), _broken("TemporalAverage")
    ('DualResolution\nAttentiveStatistics', 'TemporalAverage')
    """
    words = re.findall("[A-Z][a-z]*", name) or [name]
    if len(name) <= 18 or len(words) < 2:
        return name
    cuts = ["".join(words[:i]) + "\n" + "".join(words[i:]) for i in range(1, len(words))]
    return min(cuts, key=lambda cut: max(map(len, cut.split("\n"))))


def _range(counts: Sequence[int]) -> str:
    """Fewest and most.

    >>> _range([3, 3]), _range([3, 5])
    ('3', '3 to 5')
    """
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
