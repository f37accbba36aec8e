"""A character that is not to be shown as it is, spelled out."""

from __future__ import annotations


def escaped(character: str) -> str:
    r"""The escape of one character, as Python writes it; of a byte of a file name that is no UTF-8, that byte's.

    >>> escaped("\x1b"), escaped("\u202e"), escaped("\udcff")
    ('\\x1b', '\\u202e', '\\xff')
    """
    if "\udc80" <= character <= "\udcff":  # how Python keeps the byte 0x80 to 0xff of a file name
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
