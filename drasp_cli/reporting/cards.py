"""The best and the worst clips of an axis, each a card: score, prompt, player, and its sound drawn."""

from __future__ import annotations

from drasp_cli.audio.flags import SIMULATED_RATINGS
from drasp_cli.reporting.audio import link_to
from drasp_cli.reporting.clip_drawing import draw_sound
from drasp_cli.reporting.content import Report
from drasp_cli.reporting.markup import Html, element
from drasp_cli.reporting.text import visible
from drasp_cli.tables.columns import rounded


def draw_cards(report: Report, place: int, page: str) -> Html:
    """The chosen clips of an axis, the best beside the worst; arguments as of `axis_section`."""
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
