"""Nothing that a stranger may write becomes markup, and what is written is what is read back."""

from __future__ import annotations

import html.parser
import json

from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.reporting.markup import data_block, element, joined
from drasp_cli.reporting.text import visible


class Reader(html.parser.HTMLParser):
    """What a parser makes of some markup."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


# A parser of HTML reads both kinds of line ends as one, and U+0000 as another character.
TEXT = st.text().map(visible).map(lambda text: text.replace("\r", ""))


@given(TEXT, TEXT)
def test_any_text_comes_back_as_text(child: str, attribute: str) -> None:
    found = Reader(element("p", child, title=attribute))
    assert found.tags == [("p", {"title": attribute})]
    assert found.text == child


@given(st.recursive(st.text().map(visible), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_data_comes_back_and_nothing_in_it_ends_its_element(data: object) -> None:
    block = data_block("data", data)
    inner = block.removeprefix('<script type="application/json" id="data">').removesuffix("</script>")
    assert json.loads(inner) == data
    assert not set("<>&\u2028\u2029") & set(inner)


def test_parts_are_escaped_once() -> None:
    assert joined(["a<b", element("b", "c&d"), None]) == "a&lt;b<b>c&amp;d</b>"
    assert element("img", src="data:", alt="", hidden=True, title=None) == '<img src="data:" alt="" hidden>'


@given(st.text())
def test_visible_text_can_be_written_and_reorders_nothing(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\x00\x1b")


def test_letters_of_every_script_and_joined_emoji_stay() -> None:
    text = "é 漢字 עברית हिन्दी 👩‍🎤 line\nbreak\ttab"
    assert visible(text) == text
