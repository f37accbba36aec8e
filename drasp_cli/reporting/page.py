"""The page: what a report shows, drawn, escaped and put into the template, under a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files

from drasp_cli.audio.flags import FLAGS, NO_PROMPT, SIMULATED_RATINGS
from drasp_cli.reporting.axis_section import axis_section
from drasp_cli.reporting.content import Report
from drasp_cli.reporting.markup import Html, data_block, element, joined
from drasp_cli.reporting.table_data import table_data
from drasp_cli.reporting.text import counted, visible

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
    of = f" of {counted(systems, 'system')}" if report.table.evidence else ""
    lead = f"{counted(clips, 'clip')}{of}, scored by {_models(report)}"
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
        "axes": joined(axis_section(report, place, page) for place in report.scored),
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
        words = f"{counted(len(report.failed), 'clip')} could not be scored and count in no mean: "
        said.append(element("p", words, element("a", "which, and why", href="#failures"), ".", class_="notice"))
    empty = [axis for place, axis in enumerate(report.table.axes) if place not in report.scored]
    if empty:
        why = "; the clips were scored without prompts" if any(NO_PROMPT in row.flags for row in report.rows) else ""
        words = f"No clip has a score on {visible(' or '.join(empty))}{why}."
        said.append(element("p", words, class_="notice quiet"))
    missing = 0 if report.audio is None else sum(not there for there in report.audio)
    if missing:
        words = f"The audio of {missing:,} of {counted(len(report.rows), 'clip')} is not where the table says."
        said.append(element("p", words, class_="notice quiet"))
    said += [element("p", visible(reason), class_="notice quiet") for reason in report.silence]
    return joined(said)


def _contents(report: Report) -> Html:
    links = [element("a", visible(report.table.axes[place]), href=f"#axis-{place}") for place in report.scored]
    links.append(element("a", "All clips", href="#clips"))
    if report.failed:
        links.append(element("a", "Failed clips", href="#failures"))
    return joined([*links, element("a", "How to read it", href="#made")])


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
        *_ratings(report),
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


def _ratings(report: Report) -> list[tuple[str, Html]]:
    ratings = report.made.ratings
    return [] if ratings is None else [("ratings", _list([f"{visible(ratings.path)}, sha256 {ratings.digest}…"]))]


def _pairing(report: Report) -> str:
    pairing = report.table.pairing
    if pairing is None or not pairing.by:
        return "nothing: each stands alone"
    return f"{pairing.by}; {pairing.shared:,} of {pairing.distinct:,} are shared by systems"


def _list(lines: Sequence[str]) -> Html:
    return joined(element("div", line, dir="auto") for line in lines)


def _models(report: Report) -> str:
    return visible(" and ".join(report.models)) or "a model that the table does not name"
