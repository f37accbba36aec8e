"""The page: what a report shows, drawn, escaped and put into the template, under a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from drasp_cli.audio.flags import FLAGS, SIMULATED_RATINGS
from drasp_cli.reporting import ranking_drawing as drawing
from drasp_cli.reporting.audio import link_to
from drasp_cli.reporting.clip_drawing import draw_sound
from drasp_cli.reporting.content import Report
from drasp_cli.reporting.markup import Html, data_block, element, joined
from drasp_cli.reporting.table_data import table_data
from drasp_cli.reporting.text import visible
from drasp_cli.tables.columns import rounded
from drasp_cli.tables.pairs import NO_DIFFERENCE, SystemPair, system_pairs
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
_MOST_PAIRS = 5  # that are said of each axis
_MOST_FAILURES = 50  # that are listed; the table of clips has all
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def report_page(report: Report, page: str) -> str:
    """The whole file.

    Args:
        report: what it shows.
        page: the file that it will be written to, which links are relative to.
    """
    style, script = _part("page.css"), _part("page.js")
    clips, systems = len(report.rows), len(report.table.systems)
    of = f" of {_counted(systems, 'system')}" if report.table.evidence else ""
    lead = f"{_counted(clips, 'clip')}{of}, scored by {_models(report)}"
    if report.made.date:
        lead += f"; {report.made.date}"
    parts = {
        "policy": _policy(style, script),
        "title": visible(report.title),
        "style": Html(style),
        "script": Html(script),
        "lead": lead,
        "notices": _notices(report),
        "contents": _contents(report),
        "axes": joined(_axis(report, place, page) for place in range(len(report.table.axes))),
        "failures": _failures(report),
        "made": _made(report),
        "data": data_block("data", table_data(report, page)),
    }
    return _PLACE.sub(lambda place: joined([parts[place[1]]]), _part("page.html"))


def _policy(style: str, script: str) -> str:
    """What the page may load: its own style and script by their SHA-256, pictures in it, and audio of its own place.

    `file:` stands beside `'self'` since browsers differ on what a page on a disk is the same as; a page from a server
    may load no file anyway. Trusted Types make the browser refuse text as markup, should a script ever try.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "media-src data: 'self' file:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _part(name: str) -> str:
    return files("drasp_cli.reporting").joinpath(name).read_text(encoding="utf-8")


def _notices(report: Report) -> Html:
    """What a reader must know before any number."""
    said: list[Html] = []
    if report.is_simulated:
        words = "The scores come from a model that was trained on simulated ratings: no listener was asked."
        remedy = " They are for trying, not for publishing."
        said.append(element("p", element("strong", words), remedy, class_="notice", id=SIMULATED_RATINGS))
    if len(report.models) > 1 and len({row.model for row in report.rows}) > 1:
        words = "Several models scored these clips; their means may not be on one scale."
        said.append(element("p", words, class_="notice"))
    if report.failed:
        words = f"{_counted(len(report.failed), 'clip')} could not be scored and count in no mean: "
        said.append(element("p", words, element("a", "which, and why", href="#failures"), ".", class_="notice"))
    missing = 0 if report.audio is None else sum(not there for there in report.audio)
    if missing:
        words = f"The audio of {missing:,} of {_counted(len(report.rows), 'clip')} is not where the table says."
        said.append(element("p", words, class_="notice quiet"))
    said += [element("p", visible(reason), class_="notice quiet") for reason in report.silence]
    return joined(said)


def _contents(report: Report) -> Html:
    links = [element("a", visible(axis), href=f"#axis-{place}") for place, axis in enumerate(report.table.axes)]
    links.append(element("a", "All clips", href="#clips"))
    if report.failed:
        links.append(element("a", "Failed clips", href="#failures"))
    return joined([*links, element("a", "How to read it", href="#made")])


# ------------------------------------------------------------------------------------------------- one axis


def _axis(report: Report, place: int, page: str) -> Html:
    axis = report.table.axes[place]
    bare = re.split("@|-calibrated-", axis)[0]
    name = f", {_NAMES[bare]}" if bare in _NAMES else ""
    calibrated = ", on a lab's own scale" if axis in report.calibrated else ""
    title = element("h2", visible(axis), element("span", name + calibrated, class_="soft"), id=f"axis-{place}-title")
    parts = [title, _ranking(report, axis), _open_pairs(report, axis), _cards(report, place, page)]
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

    def line(row: SystemScore) -> Html:
        mean, interval, rank = row.means[axis], row.intervals.get(axis), row.ranks.get(axis)
        between = "" if interval is None else f"{interval[0]:.2f} to {interval[1]:.2f}"
        group = row.groups.get(axis, "")
        return element(
            "tr",
            _cell("" if rank is None else str(rank), "number"),
            element("th", visible(row.system) or _NO_NAME, scope="row", role="rowheader", dir="auto"),
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
        element("caption", f"Systems on {visible(axis)}, best first", class_="unseen"),
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
    if pair.more_clips is None:
        return pair.note or NO_DIFFERENCE
    return f"about {pair.more_clips:,} more clips of each would separate them"


def _bdi(name: str) -> Html:
    return element("bdi", visible(name) or _NO_NAME)


# ---------------------------------------------------------------------------------------------- chosen clips


def _cards(report: Report, place: int, page: str) -> Html:
    choice = report.choices[place]
    if not choice.best:
        return Html("")
    lists = [
        element("div", element("h3", title), *(_card(report, number, place, page) for number in numbers))
        for title, numbers in (("Best clips", choice.best), ("Worst clips", choice.worst))
    ]
    return element("div", *lists, class_="columns")


def _card(report: Report, number: int, place: int, page: str) -> Html:
    row, axis = report.rows[number], report.table.axes[place]
    score = rounded(row.scores.get(axis)) or 0.0
    title = element(
        "h4",
        element("span", f"{score:.2f}", class_="score"),
        element("span", visible(row.clip.path), class_="path", dir="auto"),
        element("span", visible(row.clip.system), class_="of", dir="auto") if row.clip.system else None,
    )
    prompt = row.clip.prompt
    words = element("p", visible(prompt), class_="prompt", dir="auto") if prompt else None
    flags = " ".join(flag for flag in row.flags if flag != SIMULATED_RATINGS)
    sound = report.sounds.get((number, axis))
    return element(
        "article",
        title,
        words,
        element("p", f"flags: {visible(flags)}", class_="why") if flags else None,
        _player(report, number, place, page),
        None if sound is None else draw_sound(sound, visible(axis)),
        class_="card",
    )


def _player(report: Report, number: int, place: int, page: str) -> Html | None:
    """The player of a clip; bytes are on the page once, and a second player of the same clip borrows them."""
    if report.audio is None:
        return None
    clip = report.rows[number].clip
    label = f"Play {visible(clip.path)}"
    if number in report.embedded:
        identifier = f"audio-{number}"
        first = next(i for i, one in enumerate(report.choices) if number in (*one.best, *one.worst))
        if first == place:
            source = report.embedded[number]
            return element("audio", controls=True, preload="none", src=source, id=identifier, aria_label=label)
        return element("audio", controls=True, preload="none", data_same=identifier, aria_label=label)
    if not report.audio[number]:
        return element("p", "The audio file is not where the table says.", class_="why")
    return element("audio", controls=True, preload="none", src=link_to(clip, page), aria_label=label)


# ------------------------------------------------------------------------------------------------- the rest


def _failures(report: Report) -> Html:
    failed = report.failed
    if not failed:
        return Html("")
    lines = [
        element(
            "tr",
            element("td", visible(row.clip.path), dir="auto"),
            element("td", visible(row.error), dir="auto"),
        )
        for row in (report.rows[number] for number in failed[:_MOST_FAILURES])
    ]
    head = element("tr", element("th", "clip", scope="col"), element("th", "reason", scope="col"))
    more = len(failed) - _MOST_FAILURES
    return element(
        "section",
        element("h2", "Clips that could not be scored", id="failures-title"),
        element("table", element("thead", head), element("tbody", *lines), class_="failures"),
        element("p", f"And {more:,} more, in the table of clips.", class_="soft") if more > 0 else None,
        id="failures",
        aria_labelledby="failures-title",
    )


def _made(report: Report) -> Html:
    flags = [flag for flag in FLAGS if any(flag in row.flags for row in report.rows)]
    reading = (
        "The dot is the mean over a system's clips, the bar its 95 % interval (a bootstrap over clips or prompts; "
        "seed 0): what other clips of the same kind would give. Systems that share a letter, a common bar in the "
        "column of groups, are not separated by paired t-tests with Holm's correction, which does not say that they "
        "are equal."
    )
    sound = (
        "Under a spectrogram stand the attention weights of the model's pooling and the influence of each segment: the "
        "score minus the score with that segment left out of the pooling. A weight is not an influence, and neither "
        "says what a listener heard. A click plays from there."
    )
    facts: list[tuple[str, Html]] = [
        ("drasp", joined([report.made.version])),
        ("models", joined([_models(report)])),
        ("command", element("code", visible(report.made.command), dir="auto")),
        ("score tables", _list([f"{visible(one.path)}, sha256 {one.digest}…" for one in report.made.sources])),
        ("clips paired by", joined([_pairing(report)])),
        ("calibrated", joined([visible(", ".join(report.calibrated)) or "no: scores are as the model gave them"])),
    ]
    if report.made.date:
        facts.append(("date", joined([report.made.date])))
    if flags:
        facts.append(("flags", _list([f"{flag}: {FLAGS[flag]}" for flag in flags])))
    entries = [part for name, value in facts for part in (element("dt", name), element("dd", value))]
    shown = [element("p", reading)]
    if any(found.explanation is not None for found in report.sounds.values()):
        shown.append(element("p", sound))
    return joined([*shown, element("dl", *entries)])


def _pairing(report: Report) -> str:
    pairing = report.table.pairing
    if pairing is None or not pairing.by:
        return "nothing: each stands alone"
    return f"{pairing.by}; {pairing.shared:,} of {pairing.distinct:,} are shared by systems"


def _list(lines: Sequence[str]) -> Html:
    return joined(element("div", line, dir="auto") for line in lines)


def _models(report: Report) -> str:
    return visible(" and ".join(report.models)) or "a model that the table does not name"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
