"""Text that any terminal can take: names of files and systems are strangers' words."""

from __future__ import annotations

from drasp_cli.escapes import escaped


def printable(text: str) -> str:
    r"""The same text with all that could move the cursor, hide or fail to encode spelled out.

    Control and bidirectional characters and lone surrogates become escapes (`\n`, `\x1b`, `\u202e`), and bytes of a
    file name that are no UTF-8 become `\xff`.

    >>> printable("a\x1b[31m b\u202e c\udcff é")
    'a\\x1b[31m b\\u202e c\\xff é'
    """
    return "".join(character if character.isprintable() else escaped(character) for character in text)
