from __future__ import annotations

import dataclasses
import doctest

import pytest

from drasp_cli.cli import explanation_view
from drasp_cli.cli.explanation_view import draw_explanation
from drasp_cli.datatypes import Clip
from drasp_cli.explaining import Branches, ClipExplanation, Explanation, ScoredWindow, Segment, Span, Stretches

# A clip of 1.5 s in windows of 1 s: the last one holds its half second twice.
SEGMENTS = (
    Segment(1, Span(0.0, 0.5), (Span(60.0, 60.5),), 0.9, 0.25),
    Segment(1, Span(0.5, 1.0), (Span(60.5, 61.0),), 0.1, -0.5),
    Segment(2, Span(1.0, 1.5), (Span(61.0, 61.5),), 0.5, 0.125),
    Segment(2, Span(1.5, 2.0), (Span(61.0, 61.5),), 0.5, None),
)
WINDOWS = (ScoredWindow(Span(60.0, 61.0), 2.0), ScoredWindow(Span(61.0, 61.5), 4.0))
STRETCHES = tuple(
    ScoredWindow(Span(60.0 + at, 61.0 + at), score) for at, score in ((0.0, 2.0), (0.25, 2.5), (0.5, 3.0))
)


def explanation(segments: tuple[Segment, ...] = SEGMENTS, branches: Branches | None = None) -> ClipExplanation:
    axis = Explanation("MI", 2.5, WINDOWS, segments, branches, STRETCHES)
    clip = Clip("a\x1b[31m.wav", start=60.0)
    return ClipExplanation(clip, (axis,), 1.5, 8000, ("short",), "m@1", "P", 0.5, 1.0, 2, Stretches(1.0, 0.25, ""))


def drawn(capsys: pytest.CaptureFixture[str], found: ClipExplanation) -> list[str]:
    draw_explanation(found)
    return capsys.readouterr().out.splitlines()


def test_doctests() -> None:
    assert doctest.testmod(explanation_view).failed == 0


def test_strips_are_over_what_was_heard(capsys: pytest.CaptureFixture[str]) -> None:
    lines = drawn(capsys, explanation())
    rows = {line.split()[0]: line[10:74] for line in lines[2:10] if line.strip()}
    assert rows["weight"] == "█" * 16 + "▁" * 16 + "▄" * 32
    assert rows["raises"] == "▄" * 16 + " " * 16 + "▂" * 16 + " " * 16
    assert rows["lowers"] == " " * 16 + "█" * 16 + " " * 32
    assert rows["score"] == "▁" * 32 + "█" * 32
    (ruler,) = [line for line in lines if "└" in line]
    assert ruler[10:] == f"{'└1:00':<32}{'└1:01':<16}{'└1:01':<11}1:02┘"


def test_best_and_worst_and_the_strongest_segments_have_their_times(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(drawn(capsys, explanation()))
    assert "best    3.00 alone: 1:00.50 to 1:01.50" in text
    assert "worst   2.00 alone: 1:00.00 to 1:01.00" in text
    assert "best, worst: of stretches of 1 s, one every 0.25 s" in text
    table = [line.split() for line in text.splitlines() if line.startswith(" MI")]
    assert [row[1] for row in table] == ["+0.250", "+0.125", "-0.500"]
    assert table[2][3:] == ["1:00.50", "to", "1:01.00"]


def test_without_a_best_and_a_worst_the_reason_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    found = explanation()
    axes = tuple(dataclasses.replace(axis, stretches=()) for axis in found.axes)
    bare = dataclasses.replace(found, axes=axes, stretches=Stretches(1.0, None, "too short"))
    text = "\n".join(drawn(capsys, bare))
    assert "no best and worst 1 s: too short" in text
    assert "alone:" not in text


def test_branches_are_shown_where_there_are_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert "branches" not in "\n".join(drawn(capsys, explanation()))
    text = "\n".join(drawn(capsys, explanation(branches=Branches(0.5, -0.25, 0.8, 0.2))))
    assert "80% whole clip (alpha +0.50), 20% segments (beta -0.25)" in text


def test_what_has_no_weights_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    bare = tuple(Segment(s.window, s.heard, s.spans, None, s.influence) for s in SEGMENTS)
    text = "\n".join(drawn(capsys, explanation(bare)))
    assert "weight  none: P weighs all frames alike" in text
    assert "up to" in text


def test_silence_has_a_word_and_names_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    silent = (*SEGMENTS[:3], Segment(2, Span(1.5, 2.0), (), 0.5, -0.25))
    lines = drawn(capsys, explanation(silent))
    assert lines[0].startswith(r"a\x1b[31m.wav: 1.50 s, 2 windows of 1 s")
    assert any("-0.250" in line and "silence behind the clip" in line for line in lines)
    assert any(line.startswith("short: ") for line in lines)
