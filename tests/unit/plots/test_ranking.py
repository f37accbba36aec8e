"""What is drawn of a ranking is what is in its table, whatever systems are called and however many clips there are."""

from __future__ import annotations

import doctest
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.plots import ranking
from drasp_cli.plots.ranking import draw_ranking, save_ranking
from drasp_cli.plots.style import style
from drasp_cli.tables.ranking import rank_systems
from drasp_cli.tables.sample import ClipSample
from drasp_cli.tables.systems import SystemTable


@pytest.fixture(autouse=True)
def in_style() -> Iterator[None]:
    with style():
        yield


def scored(system: str, scores: Sequence[float | None], axis: str = "MI") -> list[ClipScore]:
    return [ClipScore(Clip(f"{system}/{i}.wav", system=system), {axis: score}) for i, score in enumerate(scores)]


def normal(system: str, mean: float, clips: int, seed: int = 0, axis: str = "MI") -> list[ClipScore]:
    return scored(system, np.random.default_rng(seed).normal(mean, 0.3, clips).round(6).tolist(), axis)


def ranked(rows: Sequence[ClipScore]) -> tuple[SystemTable, ClipSample]:
    sample = ClipSample()
    return rank_systems(sample.watch(rows)), sample


def drawn(rows: Sequence[ClipScore]) -> tuple[SystemTable, Figure]:
    table, sample = ranked(rows)
    return table, draw_ranking(table, sample.scores, title="title", facts="facts", spell=lambda name: name)


def names(panel: Axes) -> list[str]:
    return [label.get_text() for label in panel.get_yticklabels()]


def segments(panel: Axes) -> list[np.ndarray]:
    """(2, 2) ends of every straight stroke of a panel: score, place."""
    lines = [lines for lines in panel.collections if isinstance(lines, LineCollection)]
    return [np.asarray(segment) for some in lines for segment in some.get_segments()]


def test_doctests() -> None:
    assert doctest.testmod(ranking).failed == 0


def test_means_and_intervals_are_those_of_the_table() -> None:
    table, figure = drawn([*normal("low", 2.0, 20, 1), *normal("high", 4.0, 20, 2), *normal("mid", 3.0, 20, 3)])
    means, _, clips = figure.axes
    assert names(means) == ["high   1", "mid   2", "low   3"]
    assert means.get_ylim()[0] > means.get_ylim()[1]  # the first on top
    (dots,) = means.lines
    np.testing.assert_array_equal(dots.get_xdata(), [row.means["MI"] for row in table.systems])
    np.testing.assert_array_equal(dots.get_ydata(), [0, 1, 2])
    for place, row in enumerate(table.systems):
        low, high = row.intervals["MI"] or pytest.fail("no interval")
        np.testing.assert_array_equal(segments(means)[place], [[low, place], [high, place]])
    strokes = segments(clips)
    for place, row in enumerate(table.systems):
        here = [stroke[0, 0] for stroke in strokes if stroke[:, 1].mean() == place]
        assert len(here) == 21  # clips, and their mean
        assert here[-1] == row.means["MI"]


def test_each_axis_is_ranked_by_itself() -> None:
    a = [ClipScore(Clip(f"a/{i}.wav", system="a"), {"MI": 4.0 + i / 10, "TA": 1.0 + i / 10}) for i in range(3)]
    b = [ClipScore(Clip(f"b/{i}.wav", system="b"), {"MI": 2.0 + i / 10, "TA": 3.0 + i / 10}) for i in range(3)]
    _, figure = drawn([*a, *b])
    assert names(figure.axes[0]) == ["a   1", "b   2"]
    assert names(figure.axes[3]) == ["b   1", "a   2"]
    assert [part.get_suptitle() for part in figure.subfigs] == ["MI", "TA"]


def test_groups_are_letters_in_columns() -> None:
    """Two alike, and one far off; a group is told by its letter and its place, and not by a colour."""
    far, alike = normal("far", 1.0, 30, 3), [*normal("x", 4.0, 30, 1), *normal("y", 4.0, 30, 2)]
    table, figure = drawn([*far, *alike])
    assert [row.groups["MI"] for row in table.systems] == ["a", "a", "b"]
    panel = figure.axes[1]
    assert {(text.get_position(), text.get_text()) for text in panel.texts} == {
        ((0, 0), "a"),
        ((0, 1), "a"),
        ((1, 2), "b"),
    }
    bars = [bar for bar in panel.patches if isinstance(bar, Rectangle)]
    assert [(round(bar.get_y(), 6), round(bar.get_height(), 6)) for bar in bars] == [(-0.42, 1.84), (1.58, 0.84)]


def test_a_system_of_one_clip_is_hollow_and_one_without_scores_has_no_mark() -> None:
    _, figure = drawn([*scored("one", [3.0]), *scored("none", [None]), *normal("many", 4.0, 9)])
    means, _, clips = figure.axes
    assert names(means) == ["many   1", "one   2", "none   –"]
    full, hollow = means.lines
    assert (list(full.get_ydata()), list(hollow.get_ydata())) == ([0], [1])
    assert hollow.get_markerfacecolor() == "white"
    assert "hollow" in means.get_title("left")
    assert {round(stroke[:, 1].mean()) for stroke in segments(clips)} == {0, 1}
    assert "0 to 9 a system" in clips.get_title("left")


def test_a_million_clips_are_a_histogram() -> None:
    table, _ = ranked([*normal("a", 3.0, 3), *normal("b", 3.0, 3)])
    rng = np.random.default_rng(0)
    scores = {"a": rng.uniform(1.0, 3.0, 1_000_000), "b": np.array([1.0] * 300 + [5.0] * 100)}
    figure = draw_ranking(table, lambda _: scores, title="", facts="", spell=str)
    panel = figure.axes[2]
    steps = [patch for patch in panel.patches if isinstance(patch, StepPatch)]
    assert len(steps) == 2
    assert len(segments(panel)) == 2  # the means
    place = [row.system for row in table.systems].index("b")
    tops, edges, foot = steps[place].get_data()
    heights = np.asarray(foot) - tops
    assert (edges[0], edges[-1]) == pytest.approx((1.0, 5.0), abs=1e-3)
    assert np.flatnonzero(heights).tolist() == [0, len(heights) - 1]
    assert heights[-1] / heights[0] == pytest.approx(1 / 3)


HOSTILE = ["a$b$", "$\\frac{1}$", "x" * 300 + "end", "<img src=x>", "100 %", "_hidden", "", "\u4e2d\u6587"]


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_names_are_drawn_as_they_are(ending: str, tmp_path: Path) -> None:
    rows = [row for i, name in enumerate(HOSTILE) for row in normal(name, 3.0 + i, 3)]
    table, sample = ranked(rows)
    figure = draw_ranking(table, sample.scores, title="$t$", facts="", spell=str)
    texts = [figure._suptitle, *figure.axes[0].get_yticklabels()]  # type: ignore[attr-defined]
    assert not any(text.get_parse_math() for text in texts)
    found = {name.rsplit("   ", 1)[0] for name in names(figure.axes[0])}
    assert {"a$b$", "$\\frac{1}$", "<img src=x>", "100 %", "_hidden", "(none)", "\u4e2d\u6587"} < found
    (long,) = (name for name in found if name.startswith("xxx"))
    assert long.endswith("\u2026xxxxxxxxxxxend")
    save_ranking(table, sample.scores, title="$t$", facts="$", spell=str, path=str(tmp_path / f"a{ending}"))
    assert (tmp_path / f"a{ending}").stat().st_size > 1000


def test_of_too_many_systems_the_ends_are_drawn_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_MOST_SYSTEMS", 6)
    _, figure = drawn([row for i in range(20) for row in normal(f"s{i:02}", 10.0 - i, 4, i)])
    means = figure.axes[0]
    assert [name.split()[0] if name else "" for name in names(means)] == ["s00", "s01", "s02", "", "s17", "s18", "s19"]
    assert [(text.get_text(), text.get_position()[1]) for text in means.texts] == [
        ("14 systems in between are not drawn", 3)
    ]


def test_scores_that_are_all_alike_have_a_picture() -> None:
    _, figure = drawn([*scored("a", [3.0] * 100), *scored("b", [3.0] * 2)])
    low, high = figure.axes[2].get_xlim()
    assert low < 3.0 < high
