"""docs/simulator.md names what the code has, with the constants the code uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drasp_cli.simulation.attributes import VALUES
from drasp_cli.simulation.codecs import LADDERS
from drasp_cli.simulation.raters import ATTRIBUTE_WEIGHTS, PSYCHOMETRICS

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")


def rows(section):
    """The cells of the table rows below a heading."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_attributes_weights_and_values():
    found = {row[0].strip("`"): row[1:] for row in rows("Attributes")[2:]}
    assert list(found) == list(VALUES)
    for name, (weight, values) in found.items():
        assert float(weight) == ATTRIBUTE_WEIGHTS[name]
        assert tuple(values.split(", ")) == VALUES[name]


def test_causes_and_their_constants():
    found = {row[0].strip("`"): row[-3:] for row in rows("Causes and psychometric functions") if row[0].startswith("`")}
    assert list(found) == list(PSYCHOMETRICS)
    for name, constants in found.items():
        psychometric = PSYCHOMETRICS[name]
        assert [float(c) for c in constants] == [psychometric.weight, psychometric.scale, psychometric.slope]


@pytest.mark.parametrize("codec", LADDERS)
def test_codec_ladders(codec):
    (row,) = [row for row in rows("Causes and psychometric functions") if row[0] == codec]
    rungs = [(int(k), int(r)) for k, r in re.findall(r"(\d+) at (\d+) Hz", row[1])]
    assert rungs == [(rung.kbps, rung.rate) for rung in LADDERS[codec]]
