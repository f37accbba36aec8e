"""One axis of the page: the ranking of systems, what is not separated, what people say, and the clips to hear."""

from __future__ import annotations

import re
from typing import Final

from drasp_cli.reporting import ranking_drawing as drawing
from drasp_cli.reporting.agreement_section import agreement_part
from drasp_cli.reporting.cards import draw_cards
from drasp_cli.reporting.content import Report
from drasp_cli.reporting.markup import Html, element, joined
from drasp_cli.reporting.text import visible
from drasp_cli.tables.calibration import CALIBRATED
from drasp_cli.tables.columns import rounded
from drasp_cli.tables.pairs import NO_DIFFERENCE, SystemPair, how_many_more, system_pairs
from drasp_cli.tables.systems import SystemScore

_NAMES: Final = {
    "MI": "musical impression",
    "TA": "textual alignment",
    "PQ": "production quality",
    "PC": "production complexity",
    "CE": "content enjoyment",
    "CU": "content usefulness",
    "CLAP": "cosine of prompt and clip",
}
_NO_NAME = "(none)"
_ALL = "all clips"  # stands for the systems where no clip names one
_MOST_PAIRS = 5  # that are said of each axis


def axis_section(report: Report, place: int, page: str) -> Html:
    """The section of an axis.

    Args:
        report: whose it is.
        place: the number of the axis.
        page: the file that the page is written to.
    """
    axis = report.table.axes[place]
    bare = re.split(f"@|{CALIBRATED}", axis)[0]
    name = f", {_NAMES[bare]}" if bare in _NAMES else ""
    calibrated = ", on a lab's own scale" if axis in report.calibrated else ""
    title = element("h2", visible(axis), element("span", name + calibrated, class_="soft"), id=f"axis-{place}-title")
    parts = [title, _ranking(report, axis), _open_pairs(report, axis)]
    if axis in report.agreement:
        parts.append(agreement_part(report.agreement[axis]))
    parts.append(draw_cards(report, place, page))
    return element("section", *parts, id=f"axis-{place}", aria_labelledby=f"axis-{place}-title")


def _ranking(report: Report, axis: str) -> Html:
    """The systems on one axis, best first."""
    systems = sorted(report.table.systems, key=lambda row: (row.ranks.get(axis) or len(report.rows), row.system))
    scores: dict[str, list[float]] = {row.system: [] for row in systems}
    for row in report.rows:
        score = rounded(row.scores.get(axis))
        if score is not None:
            scores[row.clip.system].append(score)
    means = [mean for row in systems if (mean := row.means[axis]) is not None]
    ends = [end for row in systems for end in row.intervals.get(axis) or ()]
    narrow = drawing.scale_of([*means, *ends])
    wide = drawing.scale_of([score for some in scores.values() for score in some])
    letters = drawing.letters_in_order([row.groups.get(axis, "") for row in systems])

    nameless, which = (_NO_NAME, "Systems") if report.has_systems else (_ALL, "All clips")

    def line(row: SystemScore) -> Html:
        mean, interval, rank = row.means[axis], row.intervals.get(axis), row.ranks.get(axis)
        between = "" if interval is None else f"{interval[0]:.2f} to {interval[1]:.2f}"
        group = row.groups.get(axis, "")
        return element(
            "tr",
            _cell("" if rank is None else str(rank), "number"),
            element("th", visible(row.system) or nameless, scope="row", role="rowheader", dir="auto"),
            _cell("" if mean is None else f"{mean:.2f}", "number mean-cell"),
            _cell(between, "number between"),
            _drawn(drawing.draw_interval(mean, interval, narrow), "mean, 95 % interval"),
            _cell(
                joined(
                    [
                        drawing.draw_groups(drawing.split_letters(group), letters),
                        element("span", group, class_="unseen"),
                    ]
                ),
                "groups-cell",
            ),
            _cell(f"{row.scored[axis]:,}", "number count"),
            _drawn(drawing.draw_distribution(scores[row.system], mean, wide), "scores of its clips"),
            role="row",
        )

    heads = ("rank", "system", "mean", "95 % interval", "", "group", "clips", "scores of its clips")
    numbers = {"rank", "mean", "95 % interval", "clips"}
    head = element(
        "tr",
        *(
            element(
                "th",
                head or element("span", "interval, drawn", class_="unseen"),
                scope="col",
                role="columnheader",
                class_="number" if head in numbers else None,
            )
            for head in heads
        ),
        role="row",
    )
    foot = element(
        "tr",
        *(element("td", role="cell") for _ in range(4)),
        _drawn(drawing.draw_ticks(narrow), "scale of the means"),
        *(element("td", role="cell") for _ in range(2)),
        _drawn(drawing.draw_ticks(wide), "scale of the clips"),
        role="row",
        aria_hidden="true",
    )
    return element(
        "table",
        element("caption", f"{which} on {visible(axis)}, best first", class_="unseen"),
        element("thead", head, role="rowgroup"),
        element("tbody", *map(line, systems), role="rowgroup"),
        element("tfoot", foot, role="rowgroup"),
        class_="ranking",
        role="table",
    )


def _cell(content: str, kind: str) -> Html:
    return element("td", content, class_=kind, role="cell")


def _drawn(chart: Html, label: str) -> Html:
    return element("td", chart, class_="drawn", role="cell", data_label=label)


def _open_pairs(report: Report, axis: str) -> Html:
    """Neighbours by mean that are not separated, and what would separate them."""
    if not report.table.evidence:
        return Html("")
    pairs = [pair for pair in system_pairs(report.table, axis, neighbours_only=True) if pair.separated is False]
    lines = [
        element("li", _bdi(pair.system), " and ", _bdi(pair.other), f" are not separated; {_remedy(pair)}")
        for pair in pairs[:_MOST_PAIRS]
    ]
    if len(pairs) > _MOST_PAIRS:
        words = f"{len(pairs) - _MOST_PAIRS} more neighbours are not separated; drasp rank-systems --pairwise has all"
        lines.append(element("li", words))
    return element("ul", *lines, class_="pairs") if lines else Html("")


def _remedy(pair: SystemPair) -> str:
    if pair.more_clips is None or pair.more_prompts is None:
        return pair.note or NO_DIFFERENCE
    return f"about {how_many_more(pair.more_clips, pair.more_prompts)} would separate them"


def _bdi(name: str) -> Html:
    return element("bdi", visible(name) or _NO_NAME)
