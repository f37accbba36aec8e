"""Drawn system tables: every number readable in 80 columns."""

from __future__ import annotations

import io
import re
import sys

import pytest

from drasp_cli.cli.show import show_paper_row
from drasp_cli.cli.systems import draw_pairs, draw_systems, reading_notes
from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.evaluation.paper import PaperRow
from drasp_cli.tables.columns import Column, Kind
from drasp_cli.tables.ranking import rank_systems
from drasp_cli.tables.systems import SystemTable, average_clips


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What a person sees."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.getvalue()).splitlines()


def rows(axes: int, systems: int = 3, name: str = "system") -> list[ClipScore]:
    return [
        ClipScore(Clip(f"{s}/{c}", system=f"{name} {s}"), {f"A{a}": s + 0.1 * ((c * 7 + a) % 5) for a in range(axes)})
        for s in range(systems)
        for c in range(4)
    ]


def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> Terminal:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def drawn(table: SystemTable, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    stream = terminal(monkeypatch, 80)
    draw_systems(table)
    return stream.lines


@pytest.mark.parametrize(("axes", "tables"), [(1, 1), (2, 1), (4, 4)])
def test_axes_that_do_not_fit_side_by_side_have_tables_of_their_own(
    axes: int, tables: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = drawn(rank_systems(rows(axes, name="S")), monkeypatch)
    assert max(map(len, lines)) <= 80
    assert sum("rank" in line for line in lines) == tables
    assert sum(line.count("low") for line in lines) == axes
    assert not any("…" in line for line in lines)


@pytest.mark.parametrize("takes", [1, 4])
def test_what_would_separate_two_systems_is_said_in_prompts_where_they_have_several_clips(
    takes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {"a": (3.1, 3.5, 2.9, 3.8, 3.3, 3.0, 3.6, 3.2), "b": (3.3, 3.4, 3.2, 3.9, 3.1, 3.3, 3.7, 3.3)}
    table = rank_systems(
        ClipScore(Clip(f"{name}/{place}-{take}", system=name, prompt=f"p{place}"), {"MI": score})
        for name, parts in scores.items()
        for place, score in enumerate(parts)
        for take in range(takes)
    )
    # (z + z_power)^2 s^2 / d^2 + z^2 / 2 - 8 = 7.849 * 0.0314 / 0.01 + 1.9 - 8 = 18.6
    words = "19 more clips of each" if takes == 1 else "19 more prompts (76 clips of each)"
    assert reading_notes(table)[-1] == f"MI: b and a are not separated; about {words} would separate them"
    stream = terminal(monkeypatch, 80)
    draw_pairs(table)
    assert f"no; 19 more {'clips' if takes == 1 else 'prompts'}" in "\n".join(stream.lines)


def test_long_names_of_systems_do_not_push_numbers_out(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(rank_systems(rows(2, name="a system with a very long name indeed, number")), monkeypatch)
    assert max(map(len, lines)) <= 80
    assert sum("low" in line for line in lines) == 2 or any("…" in line for line in lines)


def test_means_without_ranks_are_drawn_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    table = average_clips(rows(4))
    assert not any("low" in line for line in drawn(table, monkeypatch))
    assert reading_notes(table) == []


def test_a_row_of_the_paper_that_is_too_wide_stands_upright(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{axis} {metric}" for axis in ("MI", "TA", "Average") for metric in ("MSE", "LCC", "SRCC", "KTAU")]
    columns = (Column("method", Kind.TEXT), *(Column(name, Kind.SCORE) for name in names))
    row = PaperRow("Table I", columns, ("mine@1", *(0.001 * place for place in range(12))))
    for width, count in ((200, 1), (80, 12)):
        stream = terminal(monkeypatch, width)
        show_paper_row(row, format=None, output=None)
        assert max(map(len, stream.lines)) <= width
        assert sum("0.0" in line for line in stream.lines) == count
        assert all(name in "\n".join(stream.lines) for name in names)


def test_only_a_few_open_pairs_are_listed() -> None:
    same = [ClipScore(Clip(f"{s}-{c}", system=f"S{s}"), {"MI": 1 + (s + c) % 4}) for s in range(9) for c in range(4)]
    notes = reading_notes(rank_systems(same))
    assert len(notes) == 1 + 5 + 1
    assert notes[-1] == "MI: 3 more neighbours are not separated; --pairwise has them all"
    assert "no difference seen" in notes[1]
