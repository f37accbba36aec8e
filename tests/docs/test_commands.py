"""docs/commands.md is what the app says, and every command line shown anywhere is one that the app takes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from drasp_cli.cli import errors
from drasp_cli.cli.app import app
from tests.docs.make_reference import PAGE, commands, page
from tests.docs.pages import PAGES, code_spans, fenced, indented_lines, name, table

COMMANDS: Any = get_command(app)
_ENDS = {"|", "||", "&&", ";", "&", ">", ">>", "<"}


def command_lines(text: str) -> Iterator[list[str]]:
    """The words behind each `drasp` in a line of shell."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] | None = None
    begins = True
    for word in lexer:
        if word in _ENDS:
            if words is not None:
                yield words
            words, begins = None, word in _ENDS - {">", ">>", "<"}
        elif words is not None:
            words.append(word)
        else:
            words, begins = ([] if begins and word == "drasp" else None), False
    if words is not None:
        yield words


def parse(words: list[str], *, whole: bool) -> None:
    """Parses one command line without running it; what is missing is a mistake only in a `whole` one.

    Raises:
        Exception: of Typer, with the message that a user would get.
    """
    command = COMMANDS
    while words and not words[0].startswith("-") and hasattr(command, "commands"):
        assert words[0] in command.commands, f"drasp ... {words[0]} is no command"
        command, words = command.commands[words[0]], words[1:]
    try:
        command.make_context("drasp", [word.strip("[]") for word in words])
    except typer.Exit:  # --help and --version end here
        pass
    except Exception as error:
        if whole or type(error).__name__ not in ("MissingParameter", "NoArgsIsHelpError"):
            raise


def test_the_reference_is_what_the_app_says() -> None:
    """When this fails: python -m tests.docs.make_reference."""
    current = PAGE.read_text(encoding="utf-8")
    assert current == page(current)


@pytest.mark.parametrize("option", ["--no-such-option", "--format"])
@pytest.mark.parametrize("command", ["score clips", "models list"])
def test_the_parser_of_these_tests_refuses(command: str, option: str) -> None:
    with pytest.raises(Exception, match=option):
        parse([*command.split(), option], whole=True)


def test_the_parser_of_these_tests_knows_groups() -> None:
    parse(["models", "pull", "clap-drasp.mini", "--force"], whole=True)
    with pytest.raises(AssertionError, match="push is no command"):
        parse(["models", "push"], whole=True)


def test_the_reader_of_these_tests_finds_commands_in_pipes() -> None:
    found = list(command_lines("find . -print0 | drasp score - -0 > x.csv && drasp rank-systems x.csv  # drasp no"))
    assert found == [["score", "-", "-0"], ["rank-systems", "x.csv"]]


@pytest.mark.parametrize("shown", PAGES, ids=name)
def test_command_lines_shown_are_taken(shown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for fetched in ("speech", "music"):  # by docs/recordings/fetch.sh, as the pages have it; an option wants them there
        (tmp_path / "runs" / fetched).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    lines = [line for line in indented_lines(shown) if "OPTIONS" not in line and "COMMAND" not in line]
    lines += [line for block in fenced(shown, "sh") for line in block.splitlines()]
    for line in lines:
        if "drasp " in line:
            for words in command_lines(line):
                parse(words, whole=True)
    for span in code_spans(shown):
        if span.startswith("drasp ") or " drasp " in span:
            for words in command_lines(span.replace("\\|", "|")):
                parse([word for word in words if word not in ("...", "…")], whole=False)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_options_shown_exist(page: Path) -> None:
    """Options named alone, such as `--resume`, belong to some command."""
    known = {option for command in commands(COMMANDS).values() for p in command.params for option in p.opts}
    known |= {"--help", "-h", "--version"}
    shown = {span.split()[0] for span in code_spans(page) if span.startswith("-") and len(span) > 1}
    assert shown <= known


def test_exit_codes_are_documented() -> None:
    codes = table(PAGE, "**Exit codes**", "code")
    in_code = [word for word in (errors.__doc__ or "").split() if word.isdigit()]
    assert list(codes) == in_code
    assert str(errors.SOME_FAILED) in codes
