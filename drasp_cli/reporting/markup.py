"""Elements of HTML and SVG. Text becomes markup here and nowhere else, and is escaped on the way."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable

Attribute = str | float | bool | None

_VOID = frozenset({"img", "meta", "link", "input", "br"})
_JSON_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


class Html(str):
    """Markup: text that is put on the page as it is."""

    __slots__ = ()


def element(name: str, *children: str | None, **attributes: Attribute) -> Html:
    """An element.

    Args:
        name: of it.
        children: in order; those that are not `Html` are escaped, None is left out.
        attributes: underscores stand for hyphens, and one at the end is dropped (`class_`). True is an attribute
            without a value, None and False are none. Values are escaped, numbers written with four digits at most.

    >>> element("p", "1 < 2", element("b", "&"), class_='a"b', hidden=True)
    '<p class="a&quot;b" hidden>1 &lt; 2<b>&amp;</b></p>'
    """
    written = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def joined(parts: Iterable[str | None]) -> Html:
    """Parts side by side; those that are not `Html` are escaped, None is left out."""
    return Html("".join(part if isinstance(part, Html) else html.escape(part) for part in parts if part is not None))


def data_block(identifier: str, data: object) -> Html:
    """JSON for the page's script, in an element that is never run and that no text in it can end."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_JSON_ESCAPES)
    return element("script", Html(text), type="application/json", id=identifier)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f' {name}="{html.escape(text)}"'
