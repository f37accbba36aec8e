"""Ratings on the page: every point where it belongs, and what is not known said."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from drasp_cli.evaluation import Agreement, Evaluation, JoinReport, agreement
from drasp_cli.reporting.agreement_section import agreement_part

BOX = 44.0, 6.0, 250.0  # left, top and side of the panel


def part(
    clips: Agreement | None, systems: Agreement | None, names: tuple[str, ...] = (), join: JoinReport | None = None
) -> ET.Element:
    report = join or JoinReport(1, (), (), ())
    return ET.fromstring(agreement_part(Evaluation("MI", report, clips, systems, names)))


def dots(found: ET.Element) -> list[tuple[float, float]]:
    paths = [path.get("d", "") for path in found.iter("path") if "clips" in path.get("class", "")]
    return [(float(x), float(y)) for path in paths for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", path)]


def text(found: ET.Element) -> str:
    return " ".join("".join(found.itertext()).split())


def test_points_stand_at_their_ratings_and_scores_on_one_scale() -> None:
    found = part(agreement([1.0, 3.0, 5.0], [1.0, 3.0, 5.0]), agreement([2.0, 4.0], [4.0, 2.0]), ("a", "<b>"))
    left, top, side = BOX
    for x, y in dots(found):
        assert (x - left) / side == pytest.approx(1 - (y - top) / side, abs=0.001)  # on the line of equality
    assert len(dots(found)) == 3
    circles = {circle[0].text: circle for circle in found.iter("circle")}
    assert set(circles) == {"a: rating 2.00, score 4.00", "<b>: rating 4.00, score 2.00"}
    a, b = circles.values()
    assert float(a.get("cx", "")) < float(b.get("cx", ""))
    assert float(a.get("cy", "")) < float(b.get("cy", ""))  # down the page
    assert [path for path in found.iter("path") if path.get("class") == "equal"]
    assert "dashed: score = rating" in text(found)


def test_a_far_larger_scale_of_ratings_has_no_line() -> None:
    found = part(agreement([10.0, 55.0, 90.0], [1.0, 2.0, 3.0]), None)
    assert not [path for path in found.iter("path") if path.get("class") == "equal"]
    assert "on a scale of its own" in text(found)
    assert all(BOX[0] <= x <= BOX[0] + BOX[2] and BOX[1] <= y <= BOX[1] + BOX[2] for x, y in dots(found))


def test_very_many_clips_are_cells_and_none_is_left_out() -> None:
    rng = np.random.default_rng(0)
    ratings = np.append(rng.normal(3.0, 0.2, 20_000), 5.0)  # and one far from all others
    found = part(Agreement(tuple(ratings), tuple(ratings), *[0.0] * 4, None), None)
    cells = dots(found)
    assert 10 < len(cells) < 100
    assert max(x for x, _ in cells) > BOX[0] + 0.9 * BOX[2]
    assert "darker where there are more" in text(found)


def test_what_is_not_known_is_said() -> None:
    join = JoinReport(2, ("a\u202e.wav",), ("gone", "too"), ())
    found = part(agreement([1.0, 2.0], [3.0, 3.0], {"MSE": 0.25}), None, join=join)
    said = text(found)
    assert "all predicted values are equal" in said
    assert "1 without a rating (such as a\\u202e.wav), 2 rated and without a row of scores (such as gone)" in said
    assert [cell.text for cell in found.iter("td")][1:] == ["\u2013"] * 3
    assert "listeners 0.250" in said
    assert "listeners: the same figure between two halves of them" in said
    assert "the ratings dealt item by item, as not all name their listener" in said
    named = text(part(agreement([1.0, 2.0], [3.0, 4.0], {"MSE": 0.25}, by_listener=True), None))
    assert "listeners: the same figure between two halves of them." in named
    assert "listeners" not in text(part(agreement([1.0, 2.0], [3.0, 4.0]), None))
