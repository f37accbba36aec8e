from __future__ import annotations

import doctest
import sys

import pytest

from drasp_cli.cli import output
from drasp_cli.cli.output import Talk, counted, data_stream, say
from drasp_cli.errors import OutputError


def test_doctests() -> None:
    assert doctest.testmod(output).failed == 0


def test_one_is_singular() -> None:
    assert [counted(n, "clip") for n in (0, 1, 2)] == ["0 clips", "1 clip", "2 clips"]


def test_names_in_notices_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Talk().notice("clips/\x1b[31mred\nline\u202e is odd")
    assert capsys.readouterr().err == "drasp: clips/\\x1b[31mred\\nline\\u202e is odd\n"


def test_the_next_command_is_quoted_for_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    Talk().next_command("drasp", "score", "my clips", "--model", "./it's mine")
    assert capsys.readouterr().err == """drasp: next: drasp score 'my clips' --model './it'"'"'s mine'\n"""


def test_quiet_talk_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    talk = Talk(quiet=True)
    talk.notice("a")
    talk.line("b")
    talk.next_command("c")
    assert capsys.readouterr() == ("", "")


def test_closed_streams(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stderr", None)  # as Python has it after `2>&-`
    say("lost")
    with Talk().progress("score", 1) as advance:
        advance()
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputError, match="standard output is closed"):
        data_stream()
