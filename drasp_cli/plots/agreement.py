"""Scores against ratings by people, a panel for each axis: systems as points, clips faint behind few of them.

Figure 3 of the DRASP paper. People's ratings go to the right and scores up, both on one scale, with the line on which
they are equal; ratings on a far larger scale have one of their own, and no line. Few systems carry their names. Beyond
some number of points a panel has their density.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from drasp_cli.evaluation import Agreement, Evaluation
from drasp_cli.evaluation.scales import share_a_scale
from drasp_cli.plots.style import BLACK, BLUE, GREY, PAGE_WIDTH, note, save, shortened, spaced, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW_SYSTEMS = 20  # behind which their clips are drawn
_NAMED = 12  # systems that carry their names
_MOST_POINTS = 3000
_CELLS = 60  # of a density, along a side
_ROOM = 0.05  # round the points, of their range
_LONGEST_NAME, _LONGEST_AXIS = 16, 30  # characters
_SINGLE, _WITH_NAMES, _WITHOUT = 4.0, 2.25, 3.15  # inches of the side of a single panel; of one of two in a line
_EDGES, _HEAD = 0.85, 0.55  # inches: of a panel for what is said of it and its marks; of the title
_LINE = 0.15  # inches of a line of text


def save_agreement(
    results: Sequence[Evaluation], *, title: str, facts: str, spell: Callable[[str], str], path: str
) -> None:
    """Draws scores against ratings and writes the picture.

    Args:
        results: and what follows, as of `draw_agreement`.
        title: likewise.
        facts: likewise.
        spell: likewise.
        path: of the file; its ending says the kind.

    Raises:
        OutputError: the file cannot be written.
    """
    with style():
        save(draw_agreement(results, title=title, facts=facts, spell=spell), path)


def draw_agreement(results: Sequence[Evaluation], *, title: str, facts: str, spell: Callable[[str], str]) -> Figure:
    """The picture, in the style that is set.

    Args:
        results: axes against their ratings, at least one.
        title: what was compared.
        facts: what else is known of it, the second line of the title.
        spell: how a name is written on one line.
    """
    from matplotlib.figure import Figure

    columns = min(2, len(results))
    lines = math.ceil(len(results) / columns)
    has_names = any(0 < len(result.names) <= _NAMED for result in results)
    side = _SINGLE if columns == 1 else _WITH_NAMES if has_names else _WITHOUT
    figure = Figure(figsize=(PAGE_WIDTH, lines * (side + _EDGES) + _HEAD), layout="constrained")
    figure.suptitle(f"{shortened(title)}\n{shortened(facts)}", x=0.01, ha="left")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, result in zip(panels, results, strict=False):  # the last line may have room for one more
        _draw(axes, result, spell, side)
    for axes in panels[len(results) :]:
        axes.remove()
    return figure


def _draw(axes: Axes, result: Evaluation, spell: Callable[[str], str], side: float) -> None:
    clips, systems = result.clips, result.systems
    if systems is not None and len(result.names) > _FEW_SYSTEMS:
        clips = None
    said = []
    if clips is not None:
        _draw_points(axes, clips, color=GREY, size=2.5 if systems is not None else 3.5, alpha=0.35)
    if systems is not None:
        _draw_points(axes, systems, color=BLUE, size=6.0, alpha=1.0)
        said.append(_figures("●", systems, "system"))
    if clips is not None:
        said.append(_figures("•", clips, "clip"))
    is_shared = _set_limits(axes, [level for level in (clips, systems) if level is not None])
    if is_shared:
        axes.axline((0.0, 0.0), slope=1.0, color=BLACK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    if systems is not None and len(result.names) <= _NAMED:
        _name_systems(axes, systems, [shortened(spell(name), _LONGEST_NAME) for name in result.names], side)
    axes.set_box_aspect(1.0)
    axes.set_xlabel("rating by people" + ("; dashed: score = rating" if is_shared else ", on a scale of its own"))
    axes.set_ylabel(f"{shortened(spell(result.axis), _LONGEST_AXIS)} score", fontweight="bold")
    note(axes, "\n".join(said))


def _draw_points(axes: Axes, level: Agreement, *, color: str, size: float, alpha: float) -> None:
    """A point for each item; of too many, how many lie in each cell of a grid, darker where there are more."""
    if len(level.scores) <= _MOST_POINTS:
        axes.plot(
            level.ratings,
            level.scores,
            "o",
            color=color,
            markersize=size,
            alpha=alpha,
            markeredgecolor="white",
            markeredgewidth=0.6 if alpha == 1.0 else 0.0,
        )
        return
    counts, across, up = np.histogram2d(level.ratings, level.scores, _CELLS)
    filled = np.ma.masked_equal(counts.T, 0)
    axes.pcolormesh(
        across, up, filled, cmap="Greys", vmin=-0.15 * counts.max(), vmax=1.6 * counts.max(), rasterized=True
    )


def _figures(mark: str, level: Agreement, noun: str) -> str:
    """How many items there are, and how well the two agree over them."""
    count = len(level.scores)
    known = [f"{name} {level.figures[name]:.2f}" for name in ("LCC", "SRCC") if not math.isnan(level.figures[name])]
    return f"{mark} {count:,} {noun}{'' if count == 1 else 's'}: {', '.join(known) or 'no correlation'}"


def _set_limits(axes: Axes, levels: Sequence[Agreement]) -> bool:
    """One scale for ratings and scores, unless points would then lie on a line; whether it is one."""
    from matplotlib.ticker import MaxNLocator

    ratings = [rating for level in levels for rating in level.ratings]
    scores = [score for level in levels for score in level.scores]
    across, up = (min(ratings), max(ratings)), (min(scores), max(scores))
    both = (min(*across, *up), max(*across, *up))
    is_shared = share_a_scale(ratings, scores)
    axes.set_xlim(*_with_room(both if is_shared else across))
    axes.set_ylim(*_with_room(both if is_shared else up))
    for scale in (axes.xaxis, axes.yaxis):
        scale.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    return is_shared


def _with_room(ends: tuple[float, float]) -> tuple[float, float]:
    room = _ROOM * (ends[1] - ends[0]) or 0.5
    return ends[0] - room, ends[1] + room


def _name_systems(axes: Axes, systems: Agreement, names: Sequence[str], side: float) -> None:
    """Names right of the panel, each as near as can be to the height of its point, and joined to it by a thin line."""
    low, high = axes.get_ylim()
    order = sorted(range(len(names)), key=lambda i: (systems.scores[i], -systems.ratings[i]))
    heights = spaced([(systems.scores[i] - low) / (high - low) for i in order], _LINE / side)
    for i, height in zip(order, heights, strict=True):
        axes.annotate(
            names[i],
            (systems.ratings[i], systems.scores[i]),
            xytext=(1.03, height),
            textcoords="axes fraction",
            va="center",
            fontsize="small",
            arrowprops={
                "arrowstyle": "-",
                "color": GREY,
                "linewidth": 0.4,
                "relpos": (0.0, 0.5),  # it ends left of the name, and never on it
                "shrinkA": 1.0,
                "shrinkB": 3.0,
            },
        )
