"""Figures as Markdown on standard output, and the same figures as JSON in a file."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


Cell = str | bool | int | float | Interval | None


class Report:
    """Tables that are printed as they come and kept for the JSON file.

    Args:
        title: what was measured.
        facts: what it was measured on, such as the model; printed first.
    """

    def __init__(self, title: str, facts: dict[str, Cell]) -> None:
        self._figures: dict[str, Any] = {"title": title, "facts": {**facts, **_machine()}, "tables": {}}
        print(f"## {title}\n")
        print("\n".join(f"- {name}: {_text(fact, 3)}" for name, fact in self._figures["facts"].items()) + "\n")

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], decimals: int = 3) -> None:
        """Print one table, numbers with `decimals` places; the JSON keeps them whole."""
        print(f"### {name}\n")
        print(_line(columns))
        print(_line(["---" if column == columns[0] else "---:" for column in columns]))
        for row in rows:
            print(_line([_text(cell, decimals) for cell in row]))
        print(flush=True)
        self._figures["tables"][name] = [
            {column: _plain(cell) for column, cell in zip(columns, row, strict=True)} for row in rows
        ]

    def save(self, path: Path | None) -> None:
        """Write the JSON file, where one was asked for."""
        if path is not None:
            path.write_text(json.dumps(self._figures, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that every script has."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", default="clap-drasp.mini", help="checkpoint: a name, or a folder with a slash")
    options.add_argument("--json", type=Path, help="write the same figures to this file")
    return options


def _machine() -> dict[str, Cell]:
    return {
        "drasp": f"{version('drasp')}, commit {_commit()}",
        "python": f"{platform.python_version()}, torch {version('torch')}, numpy {version('numpy')}",
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "load average when started": os.getloadavg()[0],
    }


def _commit() -> str:
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(cell: Cell, decimals: int) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Interval):
        return f"{cell.value:.{decimals}f} ({cell.low:.{decimals}f} to {cell.high:.{decimals}f})"
    return f"{cell:.{decimals}f}" if isinstance(cell, float) else str(cell)


def _plain(cell: Cell) -> Any:
    """What JSON can hold: an interval as its three numbers, NaN as null."""
    if isinstance(cell, Interval):
        return {"value": _plain(cell.value), "low": _plain(cell.low), "high": _plain(cell.high)}
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
