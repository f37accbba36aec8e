"""Words on a page: numbers of things, and what strangers wrote: file names, prompts, systems, reasons of failures."""

from __future__ import annotations

import unicodedata

from drasp_cli.escapes import escaped

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_KEPT = frozenset("\n\t")


def visible(text: str) -> str:
    r"""The same text with all that would reorder what stands beside it, or that HTML cannot hold, spelled out.

    Control characters but line breaks and tabs, bidirectional controls and lone surrogates become escapes (`\x1b`,
    `\u202e`), and bytes of a file name that are no UTF-8 become `\xff`. Letters of every script stay, and joined emoji.

    >>> visible("a\x00b\u202e c\udcff é\n")
    'a\\x00b\\u202e c\\xff é\n'
    """
    return text if text.isprintable() else "".join(map(_spelled, text))


def counted(number: int, noun: str) -> str:
    """A number of things, in words.

    >>> counted(1, "clip"), counted(20_000, "clip")
    ('1 clip', '20,000 clips')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _spelled(character: str) -> str:
    if character in _BIDI or (unicodedata.category(character) in ("Cc", "Cs") and character not in _KEPT):
        return escaped(character)
    return character
