"""How all pictures look: legible in print at the width of a page, and for readers who do not see all colours.

Colours are Okabe and Ito's ("Color Universal Design", 2008), which stay apart under every common colour blindness; what
they tell is told by place, mark or dashes as well, since blue and vermilion are one grey. Surfaces are matplotlib's
cividis. Lines are labelled where they are, not in a legend. No text is smaller than
8 points at the printed size, and a name in a picture is never read as mathematics.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drasp_cli.errors import MissingExtraError, OutputError
from drasp_cli.tables.files import check_folder, replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
GREY: Final = "#6B6B6B"
SILVER: Final = "#B0B0B0"
PALE: Final = "#E4E4E4"

SERIES: Final = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
"""Colours of things that are told apart, in the order in which they are taken."""

STROKES: Final = (
    "-",
    (0, (6, 1.5)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (2.5, 1.2)),
    (0, (10, 2)),
    (0, (6, 1.5, 1.2, 1.5, 1.2, 1.5)),
)
"""Dashes of the lines that have these colours: some of them are alike in grey, and lines cross."""

SURFACE: Final = "cividis"
"""Colour map of levels."""

PAGE_WIDTH: Final = 7.2
"""Inches; the text of an A4 or letter page."""

ENDINGS: Final = (".png", ".svg", ".pdf")
"""Of the files that pictures are written to."""

_SMALLEST, _TEXT, _TITLE = 8.0, 9.0, 10.0  # points

_SETTINGS: Mapping[Any, Any] = {
    "font.size": _TEXT,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that a picture is the same everywhere
    "axes.titlesize": _TITLE,
    "axes.labelsize": _TEXT,
    "xtick.labelsize": _SMALLEST,
    "ytick.labelsize": _SMALLEST,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "text.parse_math": False,  # a file may be called a$b$.wav
    "figure.titlesize": _TITLE,
    "figure.dpi": 130,
    "savefig.dpi": 130,
    "pdf.fonttype": 42,  # letters that can be searched and copied
    "svg.hashsalt": "drasp",  # the same picture is the same bytes
}
_NO_DATE = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def check_plot(path: str) -> None:
    """Check, before the work, that a picture could be written to `path`.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: there is no such folder, or `path` is one.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError("plot", "drawing a picture")
    check_folder(path)


def style() -> Any:
    """The context that a picture is made in."""
    import matplotlib

    settings: Any = dict(matplotlib.rcParamsDefault)  # whatever a matplotlibrc says
    del settings["backend"]  # which is no matter of looks, and a caller's own
    return matplotlib.rc_context({**settings, **_SETTINGS})


def save(figure: Figure, path: str) -> None:
    """Writes a picture, of the kind that the ending says, whole or not at all; the same one is the same bytes.

    Raises:
        OutputError: the file cannot be written.
    """
    ending = Path(path).suffix.lower()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a box stands for the letter
        try:
            with replacing(path) as stream:
                figure.savefig(stream, format=ending.removeprefix("."), metadata=_NO_DATE[ending])
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def shortened(text: str, most: int = 85) -> str:
    """A text of at most so many characters, without its middle where it is longer: names differ at their ends.

    >>> shortened("abcdefgh", 5)
    'ab…gh'
    """
    if len(text) <= most:
        return text
    return text[: most - 1 - (most - 1) // 2] + "…" + text[len(text) - (most - 1) // 2 :]


def label_ends(axes: Axes, labels: Sequence[tuple[str, float, str]]) -> None:
    """Words right of a panel, each as near as can be to the height of what it names, and none on another.

    Args:
        axes: of the panel, whose limits are set.
        labels: words, of one line or more, height in the panel's own units, and colour.
    """
    bottom, top = axes.get_ylim()
    panel = axes.get_window_extent().height / axes.figure.dpi  # inches
    lines = max((text.count("\n") + 1 for text, _, _ in labels), default=1)
    line = (1.15 + 1.25 * (lines - 1)) * _SMALLEST / 72 / panel
    order = sorted(range(len(labels)), key=lambda i: labels[i][1])
    heights = [(labels[i][1] - bottom) / (top - bottom) for i in order]
    for i, height in zip(order, spaced(heights, line), strict=True):
        axes.annotate(
            labels[i][0],
            (1.0, height),
            xytext=(4, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            color=labels[i][2],
            fontsize=_SMALLEST,
        )


def spaced(heights: Sequence[float], gap: float) -> list[float]:
    """Rising heights moved apart so that neighbours are at least `gap` apart, about where they were as a group.

    >>> spaced([0.0, 0.5, 0.5], 0.25)
    [0.0, 0.375, 0.625]
    """
    groups: list[list[float]] = []  # heights that stand `gap` apart round their common mean
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and _bottom(groups[-1], gap) < _bottom(groups[-2], gap) + gap * len(groups[-2]):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_bottom(group, gap) + gap * i for group in groups for i in range(len(group))]


def _bottom(group: Sequence[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def note(axes: Axes, text: str) -> None:
    """A line above the left end of a panel, which says what is in it."""
    axes.set_title(text, loc="left", fontsize=_SMALLEST, color=GREY, pad=3)
