from __future__ import annotations

import dataclasses
import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes

from drasp_cli.audio.spectrogram import Spectrogram
from drasp_cli.datatypes import Clip
from drasp_cli.explaining import ClipExplanation, Explanation, ScoredWindow, Segment, Span, Stretches
from drasp_cli.plots.explanation import rounds, save_explanation


def explained(seconds: float, copies: int, *, end: float, windows: int = 1, weights: bool = True) -> ClipExplanation:
    """Two axes of `windows` windows of 1 s, of which the last holds the rest; segments of a quarter."""
    last = seconds - (windows - 1)
    spans = [Span(float(i), float(i + 1)) for i in range(windows - 1)] + [Span(windows - 1.0, windows - 1.0 + last)]
    edges = [*np.arange(0.0, end - 1e-9, 0.25), end]
    segments = tuple(
        Segment(int(a) + 1, Span(float(a), float(b)), (), 0.25 if weights else None, (-1) ** i * 0.1 * i)
        for i, (a, b) in enumerate(itertools.pairwise(edges))
    )
    scored = tuple(ScoredWindow(span, 3.0 + i) for i, span in enumerate(spans))
    axes = tuple(Explanation(axis, 3.5, scored, segments, None, ()) for axis in ("MI", "TA"))
    return ClipExplanation(
        Clip("a.wav"), axes, seconds, 8000, (), "m@1", "P", 0.25, 1.0, copies, Stretches(1.0, None, "too short")
    )


def sound(seconds: float) -> Spectrogram:
    picture = Spectrogram(8000)
    picture.push(np.random.default_rng(0).uniform(-0.1, 0.1, round(seconds * 8000)).astype(np.float32))
    return picture


def words(found: ClipExplanation, tmp_path: Path, name: str = "a.wav") -> list[str]:
    """The text of the picture."""
    import matplotlib

    path = tmp_path / "a.svg"
    heard = found.axes[0].segments[-1].heard.end
    # Letters as letters, and not as their outlines, so that a test can read them.
    before = matplotlib.rcParamsDefault["svg.fonttype"]
    matplotlib.rcParamsDefault["svg.fonttype"] = "none"
    try:
        save_explanation(found, sound(heard), name=name, facts="facts", path=str(path))
    finally:
        matplotlib.rcParamsDefault["svg.fonttype"] = before
    return ["".join(text.itertext()) for text in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]


def test_the_clip_begins_again_where_its_window_is_filled_with_it() -> None:
    assert rounds(explained(0.4, 2, end=1.0)) == [0.0, 0.4]
    assert rounds(explained(2.3, 3, end=3.0, windows=3)) == pytest.approx([0.0, 2.3, 2.6])
    assert rounds(explained(1.0, 1, end=1.0)) == [0.0]


def test_marks_of_time_begin_again_with_the_clip(tmp_path: Path) -> None:
    """0.4 s in a window of 1 s: two rounds, marked every 0.1 s, and silence."""
    found = words(explained(0.4, 2, end=1.0), tmp_path)
    assert " ".join(["0", "0.1", "0.2", "0.3"] * 2) in " ".join(found)
    assert "silence" in found
    assert any("heard again" in word for word in found)


def test_a_clip_that_is_heard_once_and_filled_with_silence_does_not_begin_again(tmp_path: Path) -> None:
    found = words(explained(0.6, 1, end=1.0), tmp_path)
    assert "silence" in found
    assert "seconds of the file" in found


def test_marks_of_a_range_are_seconds_of_the_file(tmp_path: Path) -> None:
    whole = explained(1.0, 1, end=1.0)
    found = words(dataclasses.replace(whole, clip=Clip("a.wav", start=5.0, end=6.0)), tmp_path)
    assert {"5", "5.5", "6"} <= set(found)
    assert "silence" not in found


def test_every_axis_has_its_panel_with_its_score(tmp_path: Path) -> None:
    found = words(explained(2.0, 1, end=2.0, windows=2), tmp_path)
    assert {"MI 3.50", "TA 3.50", "score", "weight", "raises", "lowers"} <= set(found)


def test_the_best_and_the_worst_stretch_are_marked_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also over the one window of a model that hears more than ten seconds at once."""
    drawn: list[tuple[float, float, float]] = []
    monkeypatch.setattr(Axes, "hlines", lambda self, y, begin, end, **looks: drawn.append((y, begin, end)))
    bare = dataclasses.replace(explained(3.0, 3, end=3.0, windows=3), window_seconds=3.0)
    segments = tuple(dataclasses.replace(segment, window=1) for segment in bare.axes[0].segments)
    window = (ScoredWindow(Span(10.0, 13.0), 3.0),)
    axes = tuple(dataclasses.replace(axis, windows=window, segments=segments) for axis in bare.axes)
    bare = dataclasses.replace(bare, axes=axes, copies=1)
    assert "score" not in words(bare, tmp_path)
    scores = ((10.0, 3.5), (10.5, 4.5), (11.0, 2.5), (12.0, 3.0))  # of a file whose seconds 10 to 13 are the clip
    stretches = tuple(ScoredWindow(Span(start, start + 1.0), score) for start, score in scores)
    axes = tuple(dataclasses.replace(axis, stretches=stretches) for axis in bare.axes)
    found = dataclasses.replace(
        bare, axes=axes, clip=Clip("a.wav", start=10.0, end=13.0), stretches=Stretches(1.0, 0.5, "")
    )
    shown = words(found, tmp_path)
    assert "score" in shown
    assert any(word.endswith("thick: the best and the worst 1 s") for word in shown)
    assert drawn == [(4.5, 0.5, 1.5), (2.5, 1.0, 2.0)] * 2


def test_curves_of_axes_are_told_apart_by_their_dashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blue and vermilion are one grey, and the curves cross."""
    drawn: list[tuple[object, object]] = []
    stairs = Axes.stairs

    def spy(self: Axes, values: object, *arguments: object, **looks: object) -> object:
        drawn.append((looks["color"], looks.get("linestyle")))
        return stairs(self, values, *arguments, **looks)

    monkeypatch.setattr(Axes, "stairs", spy)
    found = explained(2.0, 1, end=2.0, windows=2)
    first = found.axes[0]
    others = [dataclasses.replace(segment, weight=0.2) for segment in first.segments]
    axes = [dataclasses.replace(first, axis=name, segments=tuple(others)) for name in ("PC", "CE", "CU")]
    words(dataclasses.replace(found, axes=(first, *axes)), tmp_path)
    windows, weights, even = drawn[:4], drawn[4:8], drawn[8]
    assert windows == weights
    assert len({color for color, _ in windows}) == len({dashes for _, dashes in windows}) == 4
    assert even[1] not in {dashes for _, dashes in weights}


def test_there_are_no_panels_of_weights_or_windows_where_there_are_none(tmp_path: Path) -> None:
    """And a name is text, whatever it is, and as much of it as there is room for."""
    name = "x" * 300 + " a$b$ <img src=x onerror=alert(1)>.wav"
    found = words(explained(1.0, 1, end=1.0, weights=False), tmp_path, name)
    assert not {"score", "weight"} & set(found)
    assert any(word.endswith(name[-40:]) and word.startswith("\u2026") and len(word) < 100 for word in found)


def test_rounds_beyond_number_are_not_marked(tmp_path: Path) -> None:
    """Ten samples in a window of 10 s are heard 16,000 times: a line for each took longer than anybody waits."""
    found = words(explained(10 / 16_000, 1_600, end=1.0), tmp_path)
    assert "seconds of the file; the same is heard 1,600 times" in found
    assert (tmp_path / "a.svg").stat().st_size < 1_000_000


def test_a_clip_that_is_heard_often_has_a_picture_too(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    found = explained(1.0 / 33, 33, end=1.0)
    save_explanation(found, sound(1.0), name="a.wav", facts="", path=str(path))
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) < 200_000
