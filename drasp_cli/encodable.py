"""Whether text can be written as UTF-8, and what keeps it from that: asked of strangers' words where they come in.

A string of Python can hold two things that UTF-8 has no room for. Bytes that are not UTF-8 are carried along in file
names, and in what file names give: ids and systems; they are written as they came. Half of a character has nowhere to
go: JSON can name it by an escape, as programs do that count in UTF-16 and cut a text between the halves of an emoji.
"""

from __future__ import annotations

from drasp_cli.escapes import escaped


def why_no_text(text: str) -> str | None:
    r"""What keeps `text` from being UTF-8, as a message says it; None where nothing does.

    >>> why_no_text("caf\udce9")
    'is not valid UTF-8 text: it holds the byte \\xe9; write it in UTF-8'
    """
    return _why_not(text, "strict")


def why_no_name(text: str) -> str | None:
    r"""The same of a name, which may hold any bytes; None for most.

    >>> why_no_name("caf\udce9")
    >>> why_no_name("song \ud83c")
    'is not valid UTF-8 text: it holds \\ud83c, half of a character; write the whole character, or leave it out'
    """
    return _why_not(text, "surrogateescape")


def why_no_cell(column: str, text: str) -> str | None:
    """The same of what a table has in a column: prompts are texts, and all else names something."""
    return why_no_text(text) if column == "prompt" else why_no_name(text)


def _why_not(text: str, errors: str) -> str | None:
    try:
        text.encode("utf-8", errors)
    except UnicodeEncodeError as error:
        found = escaped(text[error.start])
        if found.startswith("\\x"):
            return f"is not valid UTF-8 text: it holds the byte {found}; write it in UTF-8"
        reason = f"it holds {found}, half of a character; write the whole character, or leave it out"
        return f"is not valid UTF-8 text: {reason}"
    return None
