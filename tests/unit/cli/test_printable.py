from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.cli import printable as module
from drasp_cli.cli.printable import printable


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clips/новый 音楽 é.wav", "clips/новый 音楽 é.wav"),
        ("a\x1b[31m\nb\t\x07\x9b", "a\\x1b[31m\\nb\\t\\x07\\x9b"),
        ("\u202egnp.exe\u2069 \u200b", "\\u202egnp.exe\\u2069 \\u200b"),
        ("caf\udce9.wav", "caf\\xe9.wav"),  # a byte that is no UTF-8
        ("\ud800", "\\ud800"),  # JSON can name a lone surrogate
    ],
)
def test_what_a_terminal_should_not_get_is_spelled_out(text: str, expected: str) -> None:
    assert printable(text) == expected


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_printed_and_is_printed_once(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert shown.isprintable()
    assert printable(shown) == shown
