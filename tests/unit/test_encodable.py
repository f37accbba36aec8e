"""What can be written as UTF-8, and how a message says of the rest what it is."""

from __future__ import annotations

import doctest
import os

from hypothesis import given
from hypothesis import strategies as st

from drasp_cli import encodable
from drasp_cli.encodable import why_no_name, why_no_text


def test_doctests() -> None:
    assert doctest.testmod(encodable).failed == 0


@given(st.binary())
def test_bytes_of_any_kind_make_a_name(raw: bytes) -> None:
    assert why_no_name(os.fsdecode(raw)) is None


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_let_in_can_be_written(text: str) -> None:
    """Each is asked of the very encoding that its text is written in."""
    for why, errors in ((why_no_text, "strict"), (why_no_name, "surrogateescape")):
        reason = why(text)
        if reason is None:
            text.encode("utf-8", errors)
        else:
            assert reason.isprintable()


def test_the_first_half_of_a_character_is_named() -> None:
    reason = why_no_name("caf\udce9 \ud83c\udfb5")  # a byte, then an emoji as its two halves
    assert reason is not None
    assert "it holds \\ud83c, half of a character" in reason
