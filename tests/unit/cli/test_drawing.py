from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from drasp_cli.cli.drawing import DrawnColumn, Fit, draw, fitting_widths, shortened

NAMES = st.lists(st.text(st.sampled_from("ab/é音"), max_size=30), max_size=8)


@pytest.mark.parametrize(
    ("names", "width", "expected"),
    [
        (["short", "tiny"], 5, ["short", "tiny"]),
        (["one/two/three/four"], 10, ["one…e/four"]),
        (["music/take 1", "music/take 2"], 7, ["mu…ke 1", "mu…ke 2"]),
        (["1 take of music", "2 take of music"], 4, ["1…ic", "2…ic"]),
        (["音楽音楽音楽"], 7, ["音…音楽"]),  # each is two cells wide
    ],
)
def test_long_names_lose_what_tells_least(names: list[str], width: int, expected: list[str]) -> None:
    assert shortened(names, width) == expected


def test_names_that_only_their_middle_tells_apart_are_left_whole() -> None:
    alike = [f"{'front' * 4}{i}{'behind' * 4}" for i in range(2)]
    assert shortened([*alike, "x" * 20], 10) == [*alike, "xxx…xxxxxx"]


@given(NAMES, st.integers(3, 30))
def test_different_names_stay_different(names: list[str], width: int) -> None:
    shown = shortened(names, width)
    assert len(set(shown)) == len(set(names))
    for name, text in zip(names, shown, strict=True):
        assert text == name or ("…" in text and cell_len(text) <= width < cell_len(name))


@given(NAMES.filter(bool), st.integers(0, 120))
def test_a_table_is_as_wide_as_the_terminal_or_as_its_least(names: list[str], terminal: int) -> None:
    columns = [
        DrawnColumn("path", names, Fit.NAME),
        DrawnColumn("MI", ["3.14"] * len(names), Fit.NUMBER),
        DrawnColumn("flags", ["short silent"] * len(names), Fit.WORDS),
    ]
    path, number, flags = fitting_widths(columns, terminal)
    longest = max(4, *map(cell_len, names))
    assert number == 4
    assert min(longest, 8) <= path <= longest
    assert 6 <= flags <= 12
    frame = 2 + 2 * 2
    assert path + number + flags <= max(terminal - frame, min(longest, 8) + 4 + 6)
    if longest + 4 + 12 + frame <= terminal:
        assert (path, flags) == (longest, 12)


def test_a_pipe_gets_every_cell_whole(capsys: pytest.CaptureFixture[str]) -> None:
    draw([DrawnColumn("path", ["x" * 300], Fit.NAME), DrawnColumn("error", ["word " * 60], Fit.WORDS)])
    line = capsys.readouterr().out.splitlines()[3]
    assert "x" * 300 in line
    assert "word " * 60 in line
