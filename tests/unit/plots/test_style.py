from __future__ import annotations

import doctest
import importlib.util
from pathlib import Path

import pytest

from drasp_cli.errors import MissingExtraError, OutputError
from drasp_cli.plots import style
from drasp_cli.plots.style import ENDINGS, check_plot, spaced


def test_doctests() -> None:
    assert doctest.testmod(style).failed == 0


def test_words_that_would_stand_on_each_other_are_moved_apart_as_a_group() -> None:
    assert spaced([], 1.0) == []
    assert spaced([0.0, 5.0], 1.0) == [0.0, 5.0]
    assert spaced([1.0, 1.0, 1.0], 1.0) == [0.0, 1.0, 2.0]
    assert spaced([0.0, 0.75, 4.0, 4.0], 1.0) == [-0.125, 0.875, 3.5, 4.5]


def test_a_word_that_is_moved_takes_its_new_neighbours_along() -> None:
    found = spaced([0.0, 1.0, 1.0, 1.0, 2.0], 1.0)
    assert found == [-1.0, 0.0, 1.0, 2.0, 3.0]


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        check_plot(str(tmp_path / "a.png"))
    assert caught.value.extra == "plot"


def test_a_place_that_is_none_is_told_before_the_work(tmp_path: Path) -> None:
    check_plot(str(tmp_path / "a.png"))
    with pytest.raises(OutputError, match="no folder"):
        check_plot(str(tmp_path / "nowhere" / "a.png"))
    (tmp_path / "b.png").mkdir()
    with pytest.raises(OutputError, match="is a directory"):
        check_plot(str(tmp_path / "b.png"))


def test_text_is_legible_in_print() -> None:
    """No size of text below 8 points, at the width of a page."""
    sizes = [value for key, value in style._SETTINGS.items() if "size" in key]
    assert len(sizes) >= 5
    assert min(sizes) >= 8.0
    assert style.PAGE_WIDTH <= 7.5


def test_letters_of_a_pdf_are_letters() -> None:
    """TrueType, which can be searched and copied, and which publishers take."""
    assert style._SETTINGS["pdf.fonttype"] == 42


def luminance(color: str) -> float:
    """Relative luminance of sRGB, 0 to 1 (WCAG 2)."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", [style.BLUE, style.VERMILION, style.GREEN, style.GREY, style.BLACK])
def test_colours_of_words_stand_out_on_white(color: str) -> None:
    """WCAG 2's contrast of 3 for graphics; the same formula for each."""
    assert 1.05 / (luminance(color) + 0.05) >= 3.0


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_picture_is_the_same_bytes_and_a_failed_one_leaves_nothing(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    monkeypatch.setattr(style, "_SETTINGS", {**style._SETTINGS, "pdf.fonttype": 3})  # 42 takes seconds to embed
    paths = [tmp_path / f"{i}{ending}" for i in range(2)]
    for path in paths:
        with style.style():
            figure = Figure(figsize=(2, 1))
            figure.suptitle("a$b$ \u2603 \u4e2d")  # neither mathematics nor a letter that is missing is a problem
            figure.subplots().plot([1, 2])
            style.save(figure, str(path))
    assert paths[0].read_bytes() == paths[1].read_bytes() != b""
    with pytest.raises(OutputError, match="cannot be written"):
        style.save(figure, str(tmp_path / "nowhere" / f"a{ending}"))
    assert sorted(tmp_path.iterdir()) == paths
