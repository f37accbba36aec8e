"""docs/simulator.md names what the code has, with the constants the code uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drasp_cli.simulation.aes_raters import (
    AES_CAUSES,
    AES_PANEL,
    AES_PSYCHOMETRICS,
    CROWDING_SHARE,
    ENJOYED_WITH_QUALITY,
    SOUND_SLOPE,
    USED_WITH_CONTENT,
    USED_WITH_QUALITY,
)
from drasp_cli.simulation.attributes import SPOKEN, VALUES
from drasp_cli.simulation.codecs import LADDERS
from drasp_cli.simulation.happenings import HAPPENINGS
from drasp_cli.simulation.raters import ATTRIBUTE_WEIGHTS, PSYCHOMETRICS
from drasp_cli.simulation.scenes import PLEASANTNESS
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")


def rows(section, level="##"):
    """The cells of the table rows below a heading."""
    text = PAGE.split(f"\n{level} {section}\n")[1].split("\n## ")[0].split("\n### ")[0]
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


def test_pleasantness_and_rhythms_of_what_is_heard():
    found = {row[0]: row[1:] for row in rows("Scenes", "###")[2:]}
    timbres = {name for name in VALUES["timbre"] if name != SPOKEN}
    assert set(found) == {"music", *(set(PLEASANTNESS) - timbres)}
    for name, (pleasantness, described) in found.items():
        if name == "music":
            less = {timbre: float(value) for timbre, value in re.findall(r"(brass|[a-z]+ [a-z]+) (0\.\d+)", described)}
            assert {timbre: less.get(timbre, float(pleasantness)) for timbre in timbres} == {
                timbre: PLEASANTNESS[timbre] for timbre in timbres
            }
            continue
        assert float(pleasantness) == PLEASANTNESS[name]
        if name in HAPPENINGS:
            low, high = HAPPENINGS[name].per_second
            assert re.search(rf"\b{low:g} to {high:g} .*a second", described), name


def test_causes_of_the_four_axes_and_their_constants():
    found = {row[0].strip("`"): row[-3:] for row in rows("Causes of the four axes", "###") if row[0].startswith("`")}
    assert set(found) == set(AES_CAUSES) - set(CHAIN_CAUSES)
    for name, constants in found.items():
        psychometric = AES_PSYCHOMETRICS.get(name)
        expected = [psychometric.weight, psychometric.scale, psychometric.slope] if psychometric else []
        assert [float(c) for c in constants if c] == expected


def test_formulas_of_the_four_axes():
    for formula in (
        f"PQ = 1 + 9 exp(-{SOUND_SLOPE:g} D_sound)",
        f"PC = 1 + 9 ({CROWDING_SHARE:g} crowding + {1 - CROWDING_SHARE:g} density)",
        f"CE = 1 + 9 (1 - dullness) exp(-D_content) (1 - {ENJOYED_WITH_QUALITY:g} (1 - q))",
        f"CU = 1 + 9 exp(-D_use - {USED_WITH_CONTENT:g} D_content) (1 - {USED_WITH_QUALITY:g} (1 - q))",
        f"a bias (SD {AES_PANEL.bias_sd:g}, one per rater and axis) plus noise (SD {AES_PANEL.noise_sd:g})",
    ):
        assert formula in PAGE
