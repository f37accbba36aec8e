"""How well the scores on an axis follow ratings by people: the figures, and systems and clips as points.

Geometry is in units of the drawing's own, which are CSS pixels where there is room; colours are in page.css.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from drasp_cli.evaluation import Agreement, Evaluation
from drasp_cli.evaluation.scales import share_a_scale
from drasp_cli.evaluation.table import note_on
from drasp_cli.metrics import METRICS
from drasp_cli.reporting.markup import Html, element
from drasp_cli.reporting.ranking_drawing import Scale, scale_of
from drasp_cli.reporting.text import counted, visible

_LEFT, _TOP, _SIDE, _FOOT = 44, 6, 250, 40
_MOST_POINTS = 3000  # clips that are points; of more, how many lie in each cell
_CELLS = 60  # along a side
_SHADES = ("some", "many", "most")  # of cells, by how full they are


def agreement_part(result: Evaluation) -> Html:
    """The part of an axis' section that is about ratings."""
    levels = {"clip": result.clips, "system": result.systems}
    found = {level: agreement for level, agreement in levels.items() if agreement is not None}
    intervals = {level: agreement.intervals() for level, agreement in found.items()}
    head = element(
        "tr",
        element("th", element("span", "metric", class_="unseen"), scope="col"),
        *(
            element("th", counted(len(agreement.scores), level), scope="col", class_="number")
            for level, agreement in found.items()
        ),
    )
    lines = [
        element(
            "tr",
            element("th", metric, scope="row"),
            *(_figure(agreement, metric, intervals[level][metric]) for level, agreement in found.items()),
        )
        for metric in METRICS
    ]
    notes = dict.fromkeys(
        f"{level} level: {note}"
        for level, agreement in found.items()
        for value in agreement.figures.values()
        if (note := note_on(agreement, value))
    )
    table = element(
        "table",
        element("caption", f"{visible(result.axis)} against ratings by people", class_="unseen"),
        element("thead", head),
        element("tbody", *lines),
        class_="agreement",
    )
    legend = "below each figure: its 95 % interval"
    if any(agreement.listeners for agreement in found.values()):
        legend += "; listeners: the same figure between two halves of them"
        if not all(agreement.by_listener for agreement in found.values() if agreement.listeners):
            legend += ", the ratings dealt item by item, as not all name their listener"
    said = [element("p", f"{line}.", class_="soft") for line in (_joined(result), legend, *notes)]
    return element(
        "div",
        element("h3", "Against ratings by people"),
        element("div", element("div", table, *said), _scatter(result, found), class_="columns"),
        class_="against-people",
    )


def _figure(found: Agreement, metric: str, interval: tuple[float, float]) -> Html:
    value, (low, high) = found.figures[metric], interval
    if math.isnan(value):
        return element("td", "–", class_="number")
    listeners = found.listeners.get(metric, math.nan)
    below = [
        None if math.isnan(low) else element("span", f"{low:.3f} to {high:.3f}", class_="soft"),
        None if math.isnan(listeners) else element("span", f"listeners {listeners:.3f}", class_="soft"),
    ]
    return element("td", f"{value:.3f}", *below, class_="number")


def _joined(result: Evaluation) -> str:
    """What was compared, and what found no partner."""
    noun = "system" if result.clips is None else "clip"
    left_over = [f"{len(names):,} {why} (such as {visible(names[0])})" for why, names in result.join.left_over.items()]
    return ", ".join([f"{counted(result.join.matched, noun)} with a score and a rating", *left_over])


def _scatter(result: Evaluation, found: dict[str, Agreement]) -> Html:
    """Ratings to the right and scores up; a dashed line where the two are equal, if they share a scale."""
    ratings = [rating for level in found.values() for rating in level.ratings]
    scores = [score for level in found.values() for score in level.scores]
    is_shared = share_a_scale(ratings, scores)
    across = scale_of([*ratings, *scores] if is_shared else ratings)
    up = across if is_shared else scale_of(scores)
    right, foot = _LEFT + _SIDE, _TOP + _SIDE
    parts = [
        element("path", d="".join(f"M{_LEFT} {_y(up, tick)}H{right}" for tick in up.ticks), class_="grid"),
        element("path", d="".join(f"M{_x(across, tick)} {_TOP}V{foot}" for tick in across.ticks), class_="grid"),
        *(
            element("text", f"{tick:g}", x=_LEFT - 6, y=float(_y(up, tick)) + 4, text_anchor="end", class_="tick")
            for tick in up.ticks
        ),
        *(
            element("text", f"{tick:g}", x=_x(across, tick), y=foot + 15, text_anchor="middle", class_="tick")
            for tick in across.ticks
        ),
    ]
    if is_shared:
        parts.append(element("path", d=f"M{_LEFT} {foot}L{right} {_TOP}", class_="equal"))
    if (clips := found.get("clip")) is not None:
        parts += _clips(clips, across, up)
    if (systems := found.get("system")) is not None:
        parts += [
            element(
                "circle",
                element("title", f"{visible(name)}: rating {rating:.2f}, score {score:.2f}"),
                cx=_x(across, rating),
                cy=_y(up, score),
                r=4.5,
                class_="system",
            )
            for name, rating, score in zip(result.names, systems.ratings, systems.scores, strict=True)
        ]
    said = "rating by people" + ("; dashed: score = rating" if is_shared else ", on a scale of its own")
    middle = _TOP + _SIDE / 2
    parts.append(element("text", said, x=_LEFT + _SIDE / 2, y=foot + 34, text_anchor="middle"))
    parts.append(element("text", "score", transform=f"translate(10 {middle}) rotate(-90)", text_anchor="middle"))
    words = "large dots: systems; small ones: clips" if len(found) == 2 else f"dots: {next(iter(found))}s"
    if clips is not None and len(clips.scores) > _MOST_POINTS:
        words += ", darker where there are more"
    drawn = element(
        "svg",
        *parts,
        viewBox=f"0 0 {right + 6} {foot + _FOOT}",
        class_="scatter",
        role="img",
        aria_label=f"{visible(result.axis)} scores over ratings by people; {words}",
    )
    return element("div", drawn, element("p", f"{words}.", class_="soft"))


def _clips(clips: Agreement, across: Scale, up: Scale) -> list[Html]:
    """A dot for each clip; of very many, one for each cell that has any, in three shades of how many."""
    points = [(_x(across, r), _y(up, s)) for r, s in zip(clips.ratings, clips.scores, strict=True)]
    if len(points) <= _MOST_POINTS:
        return [_dots(points, _SHADES[1])]
    counts, right, top = np.histogram2d(
        clips.ratings, clips.scores, _CELLS, ((across.low, across.high), (up.low, up.high))
    )
    shade = np.ceil(len(_SHADES) * np.sqrt(counts / counts.max())).astype(int)  # 0 where there is none
    drawn = []
    for number, name in enumerate(_SHADES, start=1):
        places = [
            (float(right[i : i + 2].mean()), float(top[j : j + 2].mean())) for i, j in np.argwhere(shade == number)
        ]
        drawn.append(_dots([(_x(across, r), _y(up, s)) for r, s in places], name))
    return drawn


def _dots(points: Sequence[tuple[str, str]], shade: str) -> Html:
    """Strokes of no length with round ends: a fifth of the bytes of circles."""
    return element("path", d="".join(f"M{x} {y}h0" for x, y in points), class_=f"clips {shade}")


def _x(scale: Scale, rating: float) -> str:
    return f"{_LEFT + _SIDE * scale.place(rating) / 100:.1f}"


def _y(scale: Scale, score: float) -> str:
    return f"{_TOP + _SIDE * (1 - scale.place(score) / 100):.1f}"
