"""What is drawn of an evaluation is what was compared, on one scale, whatever systems are called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.lines import AxLine, Line2D

from drasp_cli.evaluation import Agreement, Evaluation, JoinReport, agreement
from drasp_cli.plots.agreement import draw_agreement, save_agreement
from drasp_cli.plots.style import style


@pytest.fixture(autouse=True)
def in_style() -> Iterator[None]:
    with style():
        yield


def planted(items: int, seed: int = 0, factor: float = 1.0) -> Agreement:
    rng = np.random.default_rng(seed)
    ratings = rng.uniform(1.0, 5.0, items)
    return agreement((factor * ratings).tolist(), (ratings + rng.normal(0.0, 0.3, items)).tolist())


def evaluation(clips: Agreement | None, systems: Agreement | None, axis: str = "MI", names: str = "") -> Evaluation:
    count = 0 if systems is None else len(systems.scores)
    called = tuple(names.split("|")) if names else tuple(f"s{i}" for i in range(count))
    return Evaluation(axis, JoinReport(1, (), (), ()), clips, systems, called)


def panel(result: Evaluation) -> Axes:
    (axes,) = draw_agreement([result], title="title", facts="facts", spell=str).axes
    return axes


def points(axes: Axes) -> list[Line2D]:
    return [line for line in axes.lines if not isinstance(line, AxLine)]


def test_points_are_the_ratings_and_scores_of_systems_over_those_of_clips() -> None:
    clips, systems = planted(50), planted(4, 1)
    axes = panel(evaluation(clips, systems))
    for line, level in zip(points(axes), (clips, systems), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), level.ratings)
        np.testing.assert_array_equal(line.get_ydata(), level.scores)
    faint, strong = points(axes)
    assert faint.get_markersize() < strong.get_markersize()  # not told apart by colour alone
    assert (faint.get_alpha() or 1.0) < (strong.get_alpha() or 1.0)
    assert axes.get_title("left").splitlines() == [
        f"● 4 systems: LCC {systems.lcc:.2f}, SRCC {systems.srcc:.2f}",
        f"• 50 clips: LCC {clips.lcc:.2f}, SRCC {clips.srcc:.2f}",
    ]
    assert {note.get_text(): note.xy for note in axes.texts if hasattr(note, "xy")} == {
        f"s{i}": (systems.ratings[i], systems.scores[i]) for i in range(4)
    }


def test_ratings_and_scores_are_on_one_scale_with_the_identity_line() -> None:
    axes = panel(evaluation(planted(50), None))
    (line,) = (line for line in axes.lines if isinstance(line, AxLine))
    assert (line.get_xy1(), line.get_slope()) == ((0.0, 0.0), 1.0)
    assert axes.get_xlim() == axes.get_ylim()
    assert list(axes.get_xticks()) == list(axes.get_yticks())


def test_ratings_of_a_far_larger_scale_have_one_of_their_own_and_no_line() -> None:
    axes = panel(evaluation(planted(50, factor=20.0), None))
    assert not [line for line in axes.lines if isinstance(line, AxLine)]
    assert axes.get_xlim()[1] > 90.0
    assert axes.get_ylim()[1] < 7.0
    assert "scale of its own" in axes.get_xlabel()


def test_many_systems_are_drawn_without_names_and_without_clips() -> None:
    axes = panel(evaluation(planted(600), planted(60, 1)))
    assert [len(line.get_xdata()) for line in points(axes)] == [60]  # type: ignore[arg-type]
    assert not axes.texts
    assert "clips" not in axes.get_title("left")


def test_clips_without_systems_and_systems_without_clips() -> None:
    assert "systems" not in panel(evaluation(planted(9), None)).get_title("left")
    alone = panel(evaluation(None, planted(1)))
    assert alone.get_title("left") == "● 1 system: no correlation"
    assert alone.get_xlim()[0] < alone.get_xlim()[1]


def test_of_very_many_clips_there_is_a_density_of_all_of_them() -> None:
    axes = panel(evaluation(planted(50_000), planted(3, 1)))
    assert [len(line.get_xdata()) for line in points(axes)] == [3]  # type: ignore[arg-type]
    (mesh,) = (found for found in axes.collections if isinstance(found, QuadMesh))
    counts = mesh.get_array()
    assert counts is not None
    assert counts.size <= 10_000
    assert counts.sum() == 50_000


def test_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    names = "a$b$|$\\frac{1}$|<img src=x>|100 %|\u4e2d\u6587|" + "x" * 100 + "end"
    result = evaluation(planted(9), planted(6, 1), "$MI$", names)
    axes = panel(result)
    found = [text.get_text() for text in axes.texts]
    assert set(names.split("|")[:5]) < set(found)
    assert any(text.startswith("xxx") and text.endswith("xxend") and len(text) < 30 for text in found)
    assert not any(text.get_parse_math() for text in [*axes.texts, axes.yaxis.label])
    for ending in ("png", "svg"):
        path = tmp_path / f"a.{ending}"
        save_agreement([result] * 3, title="$", facts="$t$", spell=str, path=str(path))
        assert path.stat().st_size > 1000


def test_each_axis_has_its_panel() -> None:
    results = [evaluation(planted(9), planted(3, 1), axis) for axis in ("PQ", "PC", "CE")]
    figure = draw_agreement(results, title="", facts="", spell=str)
    assert [axes.get_ylabel() for axes in figure.axes] == ["PQ score", "PC score", "CE score"]
