"""What is drawn over segment sizes is what was found, and told apart without colours."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from drasp_cli.evaluation import Evaluation, JoinReport, agreement
from drasp_cli.evaluation.segment_sizes import SizedEvaluation, in_order
from drasp_cli.models.pooling import POOLINGS, PoolingConfig
from drasp_cli.plots import segment_sizes
from drasp_cli.plots.segment_sizes import draw_segment_sizes, save_segment_sizes
from drasp_cli.plots.style import style

DRASP = "DualResolutionAttentiveStatistics"


@pytest.fixture(autouse=True)
def in_style() -> Iterator[None]:
    with style():
        yield


def one(pooling: str, size: int | None, seed: int = 0, axis: str = "MI", level: str = "clip") -> SizedEvaluation:
    rng = np.random.default_rng(seed)
    ratings = rng.uniform(1.0, 5.0, 12)
    found = agreement(ratings.tolist(), (ratings + rng.normal(0.0, 1.0, 12)).tolist(), {"SRCC": 0.875})
    levels = (found, None) if level == "clip" else (None, found)
    return SizedEvaluation(axis, pooling, size, f"m{seed}@1", Evaluation(axis, JoinReport(12, (), (), ()), *levels, ()))


def srcc(found: SizedEvaluation) -> float:
    (level,) = found.levels.values()
    return level.srcc


def panel(found: list[SizedEvaluation]) -> Axes:
    (axes,) = draw_segment_sizes(found, title="title", facts="facts").axes
    return axes


def joined(axes: Axes) -> list[tuple[list[float], list[float]]]:
    """The curves: lines of two points or more that run from size to size."""
    lines = [line for line in axes.lines if line.get_linestyle() == "-" and line.get_marker() == "None"]
    return [(list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))) for line in lines]  # type: ignore[arg-type]


def test_a_curve_runs_through_the_means_of_the_checkpoints_of_each_size() -> None:
    found = [one(DRASP, 1, 1), one(DRASP, 4, 2), one(DRASP, 4, 3), one(DRASP, 16, 4)]
    axes = panel(found)
    ((sizes, heights),) = joined(axes)
    assert sizes == [1.0, 4.0, 16.0]
    assert heights == pytest.approx([srcc(found[0]), (srcc(found[1]) + srcc(found[2])) / 2, srcc(found[3])])
    marks = [line for line in axes.lines if line.get_marker() == "o"]
    assert sorted(float(line.get_ydata()[0]) for line in marks) == sorted(map(srcc, found))  # type: ignore[index]
    assert len(axes.collections) == 4  # an interval for each checkpoint
    assert axes.get_xscale() == "log"
    assert list(axes.get_xticks()) == [1, 4, 16]


def test_what_has_no_segments_is_a_line_across_and_so_are_the_listeners() -> None:
    found = in_order([one(DRASP, 2, 1), one("TemporalAverage", None, 2), one("mean", None, 3)])
    axes = panel(found)
    across = {float(line.get_ydata()[0]): line.get_linestyle() for line in axes.lines if line.is_dashed()}  # type: ignore[index]
    assert set(across) == {srcc(found[0]), srcc(found[1]), 0.875}
    assert {text.get_text() for text in axes.texts} == {
        "● DualResolution\nAttentiveStatistics",
        "TemporalAverage",
        "mean",
        "two halves of\nthe listeners",
    }


def test_every_pooling_has_a_look_of_its_own_without_colours() -> None:
    """All that there are, at once: marks of those with segments, dashes of the others."""
    sizes = {name: PoolingConfig(name).frames_of_segment for name in POOLINGS}
    looks = segment_sizes._looks([one(name, size) for name, size in {**sizes, "mean": None}.items()])
    assert len({(look.mark, look.dashes) for look in looks.values()}) == len(POOLINGS) + 1
    assert {name for name, look in looks.items() if look.mark} == {
        name for name in POOLINGS if name.startswith(("Segmental", "DualResolution"))
    }


def test_levels_are_side_by_side_and_axes_below_each_other(tmp_path: Path) -> None:
    found = [
        one(DRASP, 2, seed, axis, level) for seed in (1, 2) for axis in ("$MI$", "TA") for level in ("clip", "system")
    ]
    axes = draw_segment_sizes(found, title="$", facts="f").axes
    assert [panel.get_title("left").split(",")[0] for panel in axes] == ["system level", "clip level"] * 2
    assert [panel.get_ylabel() for panel in axes] == ["$MI$ SRCC", "", "TA SRCC", ""]
    save_segment_sizes(found, title="$", facts="f", path=str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").stat().st_size > 1000


def test_no_words_stand_on_others() -> None:
    """With the longest that there are: few systems, many clips, and every pooling at once."""
    names = [name for name in POOLINGS if PoolingConfig(name).frames_of_segment is None]
    found = [one(name, None, i, level=level) for i, name in enumerate(names) for level in ("clip", "system")]
    found += [one(DRASP, size, size, level=level) for size in (1, 2, 4, 8, 16, 32) for level in ("clip", "system")]
    few = agreement([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])
    found.append(SizedEvaluation("MI", DRASP, 3, "m@1", Evaluation("MI", JoinReport(3, (), (), ()), few, few, ())))
    figure = draw_segment_sizes(found, title="title", facts="facts")
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.canvas.draw()
    left, right = figure.axes
    texts = [text for axes in figure.axes for text in axes.texts]
    boxes = [text.get_window_extent(renderer) for text in texts]
    boxes += [axes._left_title.get_window_extent(renderer) for axes in (left, right)]  # type: ignore[attr-defined]
    assert len(boxes) > len(names)
    for i, box in enumerate(boxes):
        assert not [other for other in boxes[:i] if box.overlaps(other.shrunk(0.98, 0.8))]
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_what_is_not_defined_is_not_drawn() -> None:
    constant = agreement([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    flat = SizedEvaluation("MI", DRASP, 8, "m@1", Evaluation("MI", JoinReport(3, (), (), ()), constant, None, ()))
    axes = panel([one(DRASP, 2, 1), flat])
    ((sizes, _),) = joined(axes)
    assert sizes == [2.0]
    assert not joined(panel([flat]))


def test_doctests() -> None:
    assert doctest.testmod(segment_sizes).failed == 0
