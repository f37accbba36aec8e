"""The Markdown pages of the project, and the pieces of them that tests look at."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    """As a reader would type it: the id of a parametrized test."""
    return page.relative_to(ROOT).as_posix()


def fenced(page: Path, language: str) -> list[str]:
    """The fenced blocks marked with `language`."""
    return [text for found, text in _FENCE.findall(page.read_text(encoding="utf-8")) if found == language]


def prose(page: Path) -> str:
    """The page without fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def indented_lines(page: Path) -> list[str]:
    """Lines of indented code."""
    return [line.strip() for line in prose(page).splitlines() if line.startswith("    ")]


def code_spans(page: Path) -> list[str]:
    """Inline code."""
    return [span for line in prose(page).splitlines() if line[:4] != "    " for span in re.findall("`([^`]+)`", line)]


def table(page: Path, heading: str, first: str) -> dict[str, list[str]]:
    """Rows of the table whose first column is headed `first`, below the line `heading`: first cell -> the others.

    Backquotes round a whole cell are taken off.
    """
    below = f"\n{page.read_text(encoding='utf-8')}".split(f"\n{heading}\n", 1)[1]
    lines = below[re.search(rf"^\| {re.escape(first)} \|", below, re.MULTILINE).start() :].splitlines()[2:]
    rows: dict[str, list[str]] = {}
    for line in lines:
        if not line.startswith("|"):
            break
        cells = [re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        rows[cells[0]] = cells[1:]
    return rows
