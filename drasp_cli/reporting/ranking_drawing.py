"""Intervals, groups and distributions of systems, each a small SVG in the system's own row of a table.

Places are in per cent of a chart's width, so that a chart is as wide as its column and its letters are not stretched.
Colours and line widths are in page.css.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drasp_cli.reporting.markup import Html, element, joined
from drasp_cli.statistics.letters import group_letter, group_numbers

ROW_HEIGHT = 30  # CSS pixels
_LETTER = 15  # CSS pixels, the column of a group
_WIDEST_GROUPS = 165  # CSS pixels, all of them; columns of many groups are narrower
_NARROWEST_LETTER = 11  # CSS pixels; a narrower column is a bar without its letter
_FEW = 60  # clips up to which each is drawn
_BINS = 40
_MOST_TICKS, _FEWEST_TICKS = 6, 3
_LONGEST_TICK = 4  # characters; of longer ones, every other is left out


@dataclass(frozen=True, slots=True)
class Scale:
    """Scores to places in a chart.

    Attributes:
        low: score at its left edge.
        high: score at its right edge.
        ticks: round scores in between.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, score: float) -> float:
        """In per cent of the width."""
        return 100.0 * (score - self.low) / (self.high - self.low)


def scale_of(scores: Sequence[float]) -> Scale:
    """A scale with room for all of them, and ticks at 1, 2 or 5 times a power of ten.

    >>> scale_of([2.1, 3.9]).ticks
    (2.5, 3.0, 3.5)
    """
    low, high = (min(scores), max(scores)) if scores else (0.0, 1.0)
    room = 0.04 * (high - low) or 0.5
    low, high = low - room, high + room
    rough = (high - low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = min(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    ticks = tuple(round(i * step, 9) for i in range(first, last + 1))
    is_crowded = len(ticks) > _FEWEST_TICKS and max(len(f"{tick:g}") for tick in ticks) > _LONGEST_TICK
    return Scale(low, high, ticks[::2] if is_crowded else ticks)


def draw_interval(mean: float | None, interval: tuple[float, float] | None, scale: Scale) -> Html:
    """A system's mean as a dot on the bar of its 95 % interval."""
    parts = [_grid(scale)]
    if mean is not None:
        if interval is not None:
            left, right = map(scale.place, interval)
            parts.append(element("line", x1=_percent(left), x2=_percent(right), y1="50%", y2="50%", class_="interval"))
        parts.append(element("circle", cx=_percent(scale.place(mean)), cy="50%", r=3, class_="mean"))
    return element("svg", *parts, class_="chart", aria_hidden="true", height=ROW_HEIGHT)


def draw_groups(letters: Sequence[str], of_all: Sequence[str]) -> Html:
    """The letters of a system, each in the column that the letter has in all rows, so that a group is a bar.

    Args:
        letters: those of the system.
        of_all: those of all systems, in order.
    """
    column = min(_LETTER, _WIDEST_GROUPS / max(1, len(of_all)))
    parts = [element("title", "".join(letters))]
    for place, letter in enumerate(of_all):
        if letter in letters:
            x = place * column
            parts.append(element("rect", x=x, y=0, width=0.85 * column, height=ROW_HEIGHT, class_="group"))
            if column >= _NARROWEST_LETTER:
                middle = x + 0.425 * column
                parts.append(element("text", letter, x=middle, y=ROW_HEIGHT / 2 + 4, text_anchor="middle"))
    width = max(1, len(of_all)) * column
    return element("svg", *parts, class_="groups", aria_hidden="true", width=width, height=ROW_HEIGHT, font_size=11.5)


def split_letters(group: str) -> tuple[str, ...]:
    """The letters of a system's groups one by one, also those that a dash stands for.

    >>> split_letters("x-a1"), split_letters("")
    (('x', 'y', 'z', 'a1'), ())
    """
    return tuple(map(group_letter, group_numbers(group)))


def letters_in_order(groups: Sequence[str]) -> tuple[str, ...]:
    """All letters of some systems, from the best group on."""
    found = {letter for group in groups for letter in split_letters(group)}
    return tuple(sorted(found, key=lambda letter: (int(letter[1:] or 0), letter)))


def draw_distribution(scores: Sequence[float], mean: float | None, scale: Scale) -> Html:
    """Scores of a system's clips: a stroke for each of a few, the outline of a histogram of many; and their mean.

    Outlines are as high as the row, whatever the number of clips.
    """
    if len(scores) <= _FEW:
        path = "".join(f"M{scale.place(score):.2f} 7v{ROW_HEIGHT - 14}" for score in sorted(scores))
        shape = element("path", d=path, class_="strokes")
    else:
        counts, _ = np.histogram(scores, _BINS, (scale.low, scale.high))
        width, foot = 100 / _BINS, ROW_HEIGHT - 2
        tops = foot - (ROW_HEIGHT - 6) * counts / counts.max()
        path = f"M0 {foot}" + "".join(f"V{top:.4g}h{width:g}" for top in tops) + f"V{foot}Z"
        shape = element("path", d=path, class_="histogram")
    inner = [_grid_path(scale), shape]
    stretched = element("svg", *inner, viewBox=f"0 0 100 {ROW_HEIGHT}", preserveAspectRatio="none")
    mark = None
    if mean is not None:
        x = _percent(scale.place(mean))
        mark = element("line", x1=x, x2=x, y1=3, y2=ROW_HEIGHT - 1, class_="middle")
    return element("svg", stretched, mark, class_="chart", aria_hidden="true", height=ROW_HEIGHT)


def draw_ticks(scale: Scale) -> Html:
    """The numbers under a chart."""
    marks = [
        element("text", f"{tick:g}", x=_percent(scale.place(tick)), y=12, text_anchor="middle") for tick in scale.ticks
    ]
    return element("svg", *marks, class_="chart ticks", aria_hidden="true", height=16, font_size=11)


def _grid(scale: Scale) -> Html:
    lines = [
        element("line", x1=_percent(x), x2=_percent(x), y1="0", y2="100%", class_="grid")
        for x in map(scale.place, scale.ticks)
    ]
    return joined(lines)


def _grid_path(scale: Scale) -> Html:
    return element("path", d="".join(f"M{scale.place(tick):.2f} 0v{ROW_HEIGHT}" for tick in scale.ticks), class_="grid")


def _percent(place: float) -> str:
    return f"{place:.2f}%"
