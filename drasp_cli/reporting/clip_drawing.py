"""A clip's sound, and under it, on the same axis of time, what its score leans on.

Everything is stretched to the width of its card; words stand beside the drawings, not in them.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from drasp_cli.reporting.listening import Sound
from drasp_cli.reporting.markup import Html, element

if TYPE_CHECKING:
    from drasp_cli.explaining import Explanation

_WIDTH = 1000  # units of a drawing
_WEIGHT_HEIGHT, _INFLUENCE_HEIGHT = 30, 44
_MOST_ROUNDS = 200  # that are marked, and found by a click: the lines of more would hide the picture
_MOST_STEPS = 400  # of a curve; neighbours of a longer one are joined


def draw_sound(sound: Sound, name: str) -> Html:
    """The picture with its curves.

    Args:
        sound: what is drawn.
        name: of the axis, for the words.
    """
    source = "data:image/png;base64," + base64.b64encode(sound.picture).decode("ascii")
    spectrogram = element("img", src=source, alt="Spectrogram", class_="spectrogram")
    rounds = sound.again if len(sound.again) < _MOST_ROUNDS else ()
    marks = [
        element("line", x1=f"{x:.2f}%", x2=f"{x:.2f}%", y1="0", y2="100%", class_="again")
        for x in (100 * at / sound.heard for at, _ in rounds)
    ]
    over = element("svg", *marks, class_="over", aria_hidden="true") if marks else None
    playhead = element("div", class_="playhead", hidden=True)
    rows = [element("div", spectrogram, over, class_="strip")]
    if sound.explanation is not None:
        rows += _curves(sound.explanation, name)
    rows.append(_ruler(sound))
    return element(
        "div",
        *rows,
        playhead,
        class_="sound",
        data_start=f"{sound.start:g}",
        data_seconds=f"{sound.seconds:g}",
        data_heard=f"{sound.heard:g}",
        data_again=" ".join(f"{at:g}:{start:g}" for at, start in rounds) or None,
    )


def _curves(explanation: Explanation, name: str) -> list[Html]:
    segments = explanation.segments
    end = segments[-1].heard.end
    edges = [segment.heard.start / end for segment in segments] + [1.0]
    rows = []
    weights = [segment.weight for segment in segments if segment.weight is not None]
    if len(weights) == len(segments):
        even = 1.0 / sum(segment.window == 1 for segment in segments)
        top = max(*weights, even)
        scale = (_WEIGHT_HEIGHT - 2) / top
        line = _WEIGHT_HEIGHT - even * scale
        area = element("path", d=_steps(edges, weights, _WEIGHT_HEIGHT, -scale), class_="weight")
        middle = element("path", d=f"M0 {line:.4g}H{_WIDTH}", class_="even")
        words = f"attention weight, up to {max(weights):.3f}; dashed: if all were alike, {even:.3f}"
        rows.append(_strip(words, _WEIGHT_HEIGHT, [area, middle]))
    influence = [segment.influence or 0.0 for segment in segments]
    reach = max(max(map(abs, influence)), 1e-6)
    half = _INFLUENCE_HEIGHT / 2
    scale = (half - 1) / reach
    raised, lowered = [max(value, 0.0) for value in influence], [min(value, 0.0) for value in influence]
    parts = [
        element("path", d=_steps(edges, raised, half, -scale), class_="raises"),
        element("path", d=_steps(edges, lowered, half, -scale), class_="lowers"),
        element("path", d=f"M0 {half:g}H{_WIDTH}", class_="zero"),
    ]
    words = f"influence on {name}: raises it by up to {max(raised):.3f}, lowers it by up to {-min(lowered):.3f}"
    rows.append(_strip(words, _INFLUENCE_HEIGHT, parts))
    return rows


def _strip(words: str, height: int, parts: Sequence[Html]) -> Html:
    drawing = element(
        "svg",
        *parts,
        viewBox=f"0 0 {_WIDTH} {height}",
        preserveAspectRatio="none",
        height=height,
        aria_hidden="true",
    )
    return element("div", element("p", words, class_="words"), drawing, class_="strip")


def _steps(edges: Sequence[float], values: Sequence[float], foot: float, scale: float) -> str:
    """A filled curve of steps, as the path of an SVG.

    Args:
        edges: where the steps begin, and where the last one ends, in [0, 1].
        values: one for each step.
        foot: height of a value of 0.
        scale: units of height for a value of 1; below 0, since heights grow downwards.
    """
    joined = -(-len(values) // _MOST_STEPS)
    path = f"M0 {foot:g}"
    for begin in range(0, len(values), joined):
        some = values[begin : begin + joined]
        right = edges[min(begin + joined, len(values))] * _WIDTH
        path += f"V{foot + scale * sum(some) / len(some):.4g}H{right:.5g}"
    return f"{path}V{foot:g}Z"


def _ruler(sound: Sound) -> Html:
    first = element("span", f"{sound.start:.1f} s")
    if sound.heard - sound.seconds > 0.05:
        said = "silence behind it"
        if sound.again:
            times = "twice" if len(sound.again) == 1 else f"{len(sound.again) + 1} times"
            begin = sound.again[0][1]
            what = "it" if begin == sound.start else f"what is behind {begin:.1f} s"
            said = f"the model hears {what} {times}"
        middle = element("span", f"{sound.seconds:.1f} s long; {said}")
        return element("div", first, middle, class_="ruler")
    return element("div", first, element("span", f"{sound.start + sound.seconds:.1f} s"), class_="ruler")
