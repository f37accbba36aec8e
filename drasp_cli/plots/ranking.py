"""Systems ranked: on each axis their means with 95 % intervals, their groups, and how the scores of their clips lie.

    AXIS
    name  rank | mean, 95 % interval | groups | scores of the clips

Systems stand as they rank on the axis, the best on top. A panel has at most a few hundred marks for each system,
however many clips there are, and beyond some number of systems those in the middle are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drasp_cli.plots.style import BLACK, BLUE, GREY, PAGE_WIDTH, PALE, SILVER, SKY, note, save, shortened, style
from drasp_cli.statistics.letters import group_letter, group_numbers
from drasp_cli.tables.systems import SystemScore, SystemTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

Scores = Mapping[str, NDArray[np.float64]]
"""System -> (clips,) scores of its clips."""

_NO_NAME = "(none)"
_LONGEST_NAME = 30  # characters of a system's name
_LETTER_WIDTH = 0.066  # inches of a letter of a name, on average
_FEW = 60  # clips up to which each is drawn
_BINS = 40
_ROW, _LOW_ROW = 0.3, 0.17  # inches of a system: of a few, and of many
_PANEL = 2.6  # inches of a panel from which on rows get lower
_EDGES = 1.0  # inches of an axis for its name, what is said of the panels and their marks
_HEAD = 0.55  # inches of the title
_COLUMN, _GROUPS, _NARROWEST_LETTER = 0.16, (0.5, 1.5), 0.13  # inches: a group, all of them, one that has its letter
_MOST_ROWS = 1200  # of all axes together: a PNG has at most 65,536 pixels
_MOST_SYSTEMS, _FEWEST_SYSTEMS = 200, 6  # of an axis that are drawn where there are more


def save_ranking(
    table: SystemTable,
    scores: Callable[[str], Scores],
    *,
    title: str,
    facts: str,
    spell: Callable[[str], str],
    path: str,
) -> None:
    """Draws a ranking and writes the picture.

    Args:
        table: and what follows, as of `draw_ranking`.
        scores: likewise.
        title: likewise.
        facts: likewise.
        spell: likewise.
        path: of the file; its ending says the kind.

    Raises:
        OutputError: the file cannot be written.
    """
    with style():
        save(draw_ranking(table, scores, title=title, facts=facts, spell=spell), path)


def draw_ranking(
    table: SystemTable, scores: Callable[[str], Scores], *, title: str, facts: str, spell: Callable[[str], str]
) -> Figure:
    """The picture of a ranked table, in the style that is set.

    Args:
        table: ranked.
        scores: axis -> the scores behind its means.
        title: what was ranked.
        facts: what else is known of it, the second line of the title.
        spell: how a name is written on one line.
    """
    from matplotlib.figure import Figure

    most = max(_FEWEST_SYSTEMS, min(_MOST_SYSTEMS, _MOST_ROWS // len(table.axes)))
    rows = _ends([None] * len(table.systems), most)
    height = len(rows) * min(_ROW, max(_LOW_ROW, _PANEL / len(rows))) + _EDGES
    figure = Figure(figsize=(PAGE_WIDTH, height * len(table.axes) + _HEAD), layout="constrained")
    figure.suptitle(f"{shortened(title)}\n{shortened(facts)}", x=0.01, ha="left")
    parts = figure.subfigures(len(table.axes), 1, squeeze=False)[:, 0]
    for part, axis in zip(parts, table.axes, strict=True):
        part.suptitle(shortened(spell(axis)), x=0.01, ha="left", fontweight="bold")
        ranked = sorted(table.systems, key=lambda row: (row.ranks[axis] or len(table.systems) + 1, row.system))
        _draw_axis(part, axis, ranked, most, scores(axis), spell)
    return figure


def _ends(ranked: Sequence[SystemScore | None], most: int) -> list[SystemScore | None]:
    """The first and the last of more than `most`, with None between them for the rest."""
    if len(ranked) <= most:
        return list(ranked)
    return [*ranked[: most // 2], None, *ranked[-(most // 2) :]]


def _draw_axis(
    part: SubFigure,
    axis: str,
    ranked: Sequence[SystemScore],
    most: int,
    scores: Scores,
    spell: Callable[[str], str],
) -> None:
    drawn = _ends(ranked, most)
    names = ["" if row is None else _name(row, axis, spell) for row in drawn]
    systems = {place: row for place, row in enumerate(drawn) if row is not None}
    groups = {place: group_numbers(row.groups[axis]) for place, row in systems.items()}
    shown = sorted({number for numbers in groups.values() for number in numbers})
    low, high = _GROUPS
    width = min(high, max(low, _COLUMN * len(shown)))
    rest = max(2.0, PAGE_WIDTH - _LETTER_WIDTH * max(map(len, names)) - width - 0.4)
    means, letters, clips = part.subplots(1, 3, sharey=True, width_ratios=[rest / 2, width, rest / 2])
    _draw_means(means, axis, systems)
    _draw_groups(letters, groups, shown, has_letters=width >= _NARROWEST_LETTER * len(shown))
    _draw_clips(clips, axis, systems, scores)
    means.set_ylim(len(drawn) - 0.5, -0.5)
    means.set_yticks(range(len(drawn)), names)
    for panel in (means, letters, clips):
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="y", color=PALE, linewidth=0.4)
        panel.set_axisbelow(True)
        panel.spines["left"].set_visible(False)
    if len(systems) < len(ranked):
        words = f"{len(ranked) - len(systems)} systems in between are not drawn"
        means.text(0.0, most // 2, words, transform=means.get_yaxis_transform(), va="center", color=GREY)


def _name(row: SystemScore, axis: str, spell: Callable[[str], str]) -> str:
    """A name, and its rank right of it."""
    rank = row.ranks[axis]
    return f"{shortened(spell(row.system) or _NO_NAME, _LONGEST_NAME)}   {'–' if rank is None else rank}"


def _draw_means(axes: Axes, axis: str, systems: Mapping[int, SystemScore]) -> None:
    """A dot on the bar of its interval; a hollow one where there is none."""
    known = {place: (row.means[axis], row.intervals[axis]) for place, row in systems.items()}
    bars = [(place, *interval) for place, (_, interval) in known.items() if interval is not None]
    if bars:
        axes.hlines(*zip(*bars, strict=True), color=BLUE, linewidth=2.4)
    said = "mean, 95 % interval"
    for is_sure, face in ((True, BLACK), (False, "white")):
        dots = [
            (mean, place)
            for place, (mean, interval) in known.items()
            if mean is not None and (interval is not None) is is_sure
        ]
        if dots:
            axes.plot(*zip(*dots, strict=True), "o", color=BLACK, markerfacecolor=face, markersize=4, zorder=3)
            said += "" if is_sure else "\nhollow: no interval"
    _mark_scores(axes)
    note(axes, said)


def _draw_groups(axes: Axes, groups: Mapping[int, Sequence[int]], shown: Sequence[int], *, has_letters: bool) -> None:
    """A column for each group, filled where its systems are; darker where there is no letter on it."""
    color = PALE if has_letters else SILVER
    for column, number in enumerate(shown):
        places = [place for place, numbers in groups.items() if number in numbers]
        for first, last in _runs(places):
            axes.bar(column, last - first + 0.84, 0.84, first - 0.42, color=color)
        for place in places if has_letters else ():
            axes.text(column, place, group_letter(number), ha="center", va="center", fontsize="small", in_layout=False)
    axes.set_xlim(-0.5, max(len(shown), 1) - 0.5)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    note(axes, "groups")


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of ascending neighbours.

    >>> _runs([0, 1, 2, 5])
    [(0, 2), (5, 5)]
    """
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def _draw_clips(axes: Axes, axis: str, systems: Mapping[int, SystemScore], scores: Scores) -> None:
    """A stroke for each of a few clips, the outline of a histogram of many; and a longer stroke at their mean.

    Outlines are as high as the row, whatever the number of clips.
    """
    drawn = {place: scores[row.system] for place, row in systems.items() if len(scores[row.system])}
    ends = [(some.min(), some.max()) for some in drawn.values()]
    low, high = (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 1.0)
    edges = np.linspace(low, high, _BINS + 1) if high > low else np.linspace(low - 0.5, high + 0.5, _BINS + 1)
    for place, some in drawn.items():
        if len(some) <= _FEW:
            axes.vlines(some, place - 0.3, place + 0.3, color=BLUE, linewidth=0.7, alpha=0.6)
        else:
            counts, _ = np.histogram(some, edges)
            foot = place + 0.42
            axes.stairs(foot - 0.84 * counts / counts.max(), edges, baseline=foot, fill=True, color=SKY)
        mean = systems[place].means[axis]
        if mean is not None:
            axes.vlines(mean, place - 0.42, place + 0.42, color=BLACK, linewidth=1.4)
    axes.set_xlim(edges[0] - 0.02 * (edges[-1] - edges[0]), edges[-1] + 0.02 * (edges[-1] - edges[0]))
    _mark_scores(axes)
    counts_of_clips = [row.scored[axis] for row in systems.values()]
    fewest, largest = min(counts_of_clips), max(counts_of_clips)
    each = f"{fewest:,}" if fewest == largest else f"{fewest:,} to {largest:,}"
    note(axes, f"scores of the clips\n{each} a system")


def _mark_scores(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid(axis="x", color=PALE, linewidth=0.6)
